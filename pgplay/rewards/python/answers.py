"""What a reward's Python function answers to a batch: messages, their check, and errors that name function and line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pgplay.errors import RewardError
from pgplay.locale.catalog import Coded, Values
from pgplay.rewards.records import Scores, Triple, coded_triple
from pgplay.tasks.task import ColumnValues


class FunctionReady(msgspec.Struct, tag_field="type", tag="ready"):
    """The source is loaded; `function` is the one that scores."""

    function: str


class FunctionMissing(msgspec.Struct, tag_field="type", tag="missing"):
    """The source lacks the `function`; it has the `known` ones."""

    function: str
    known: list[str]


class ScoredText(msgspec.Struct, tag_field="type", tag="scored"):
    """The score of a batch's completion at `index`, and its named parts."""

    index: int
    score: float
    parts: dict[str, float]


class FunctionFailed(msgspec.Struct, tag_field="type", tag="failed"):
    """A failure, at a line of the source and at a completion (None: the whole batch)."""

    happened: str
    """The code of what happened."""
    values: Mapping[str, Any] = {}
    line: int = 0
    code: str = ""
    """The text of that line."""
    index: int | None = None
    advice: str = ""
    """The code of what would be right."""
    traceback: str = ""


FunctionMessage = FunctionReady | FunctionMissing | ScoredText | FunctionFailed


class FunctionAnswers:
    """The answers of `function` (empty while unknown) of the Python `file`, whose name errors quote."""

    def __init__(self, file: str, function: str) -> None:
        self.file = file
        self.function = function

    def check(self, message: FunctionMessage, triples: Sequence[Triple], answered: list[ScoredText]) -> ScoredText:
        """Return `message` if it is the next score of a batch of `triples`, of which some are `answered`.

        Raises RewardError otherwise.
        """
        index = len(answered)
        if isinstance(message, FunctionFailed):
            whole = message.index is None
            raise self.error(message, triples[message.index or 0], others=len(triples) - 1 if whole else 0)
        if not isinstance(message, ScoredText) or message.index != index:
            raise self.error(FunctionFailed("python_reward.disturbed"), triples[index])
        if answered and message.parts.keys() != answered[0].parts.keys():
            first, present = (str(sorted(scored.parts) or "none") for scored in (answered[0], message))
            different = {"parts": present, "expected": first}
            failed = FunctionFailed("python_reward.other_parts", different, advice="python_reward.same_parts")
            raise self.error(failed, triples[index])
        return message

    def error(self, failed: FunctionFailed, triple: Triple | None = None, others: int = 0) -> RewardError:
        """Return the error of a reward that failed, which names it, the line, and what it was given."""
        function = {"function": self.function, "file": self.file}
        who = ("python_reward.function", function) if self.function else ("python_reward.file", function)
        line = {"line": failed.line, "code": failed.code}
        where = ("python_reward.at_line", line) if failed.line else ("python_reward.nowhere", line)
        advice: list[str | Coded] = []
        if triple:
            details: Values = {"triple": coded_triple(triple), "others": others}
            advice.append(("python_reward.given_with_others" if others else "python_reward.given", details))
        if failed.advice:
            advice.append(failed.advice)
        return RewardError(
            "python_reward.failed",
            line=failed.line,
            given=triple,
            traceback=failed.traceback,
            who=who,
            happened=(failed.happened, failed.values),
            where=where,
            advice=advice,
        )


def request_of(triples: Sequence[Triple]) -> dict[str, Any]:
    """Return a batch of `triples` as the function's side takes it."""
    texts, targets, prompts, columns = zip(*triples, strict=True)
    return {"texts": texts, "targets": targets, "prompts": prompts, "columns": _by_name(columns)}


def scores_of(answered: Sequence[ScoredText]) -> Scores:
    """Return the scores of a whole batch."""
    parts = {name: [scored.parts[name] for scored in answered] for name in answered[0].parts}
    return Scores([scored.score for scored in answered], parts)


def _by_name(columns: Sequence[ColumnValues]) -> dict[str, list[Any]]:
    """Return the values of B `columns` by name; None where a row lacks one."""
    rows = [dict(row) for row in columns]
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
