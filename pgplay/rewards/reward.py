"""Rewards, built from a spec: `build_reward("0.8*levenshtein + 0.2*prefix")`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

from pgplay.errors import InputError, RewardError
from pgplay.rewards.formula import parse_formula
from pgplay.rewards.own_scoring import OwnScoring
from pgplay.rewards.python.function_scorer import FunctionScorer
from pgplay.rewards.python.scorer import Limits, PythonScorer
from pgplay.rewards.python.source import is_python
from pgplay.rewards.ranges import ANYTHING, Range
from pgplay.rewards.records import Scorer, Scores, Triple, coded_triple
from pgplay.rewards.spec import FunctionSpec, RewardSpec, UnaskedError, resolve
from pgplay.tasks.task import ColumnValues, Pair

RewardKind = Literal["built-in", "formula", "python"]
"""One that a process scores is `python`, also a formula with the task's own scoring."""
DEFAULT_LIMITS = Limits()
_LARGEST = 1e15
"""Training squares rewards in float32, which overflows at 3e38."""


def _discard(line: str) -> None:
    """Ignore a line of the log."""


class Reward:
    """A reward, ready to score. Use it in a `with` statement, or `close` it: Python has a process.

    `spec` is its text, `name` its display name, `source` its Python (or empty), `needs_target` whether it depends on
    the target, and `range` bounds its values, infinitely wide if unknown.
    """

    def __init__(
        self,
        spec: str,
        name: str,
        kind: RewardKind,
        scorer: Scorer,
        *,
        source: str = "",
        needs_target: bool,
        range: Range = ANYTHING,
    ) -> None:
        self.spec = spec
        self.name = name
        self.kind: RewardKind = kind
        self.source = source
        self.needs_target = needs_target
        self.range = range
        self._scorer = scorer

    def score(
        self,
        texts: Sequence[str],
        targets: Sequence[str],
        prompts: Sequence[str],
        columns: Sequence[ColumnValues] | None = None,
    ) -> Scores:
        """Return the rewards of B `texts` for B `targets`, `prompts` and `columns`; each distinct one is scored once.

        Raises RewardError if the reward fails; the next call starts fresh.
        """
        columns = columns or [()] * len(texts)
        triples = [Triple(*triple) for triple in zip(texts, targets, prompts, columns, strict=True)]
        index: dict[Triple, int] = {}
        rows = [index.setdefault(triple, len(index)) for triple in triples]
        if not index:
            return Scores([], {})
        try:
            scores = self._scorer.score(list(index))
            self._check_size(list(index), scores)
        except RewardError as error:
            error.spec = self.spec
            raise
        parts = {name: [values[row] for row in rows] for name, values in scores.parts.items()}
        return Scores([scores.values[row] for row in rows], parts)

    def score_alike(self, texts: Sequence[str], target: str | None, prompt: str) -> Scores:
        """Return the rewards of B `texts` that answer one `prompt` and have one `target`, or none.

        Raises InputError for a reward that needs a target and gets none; a Python one may do without. Raises
        RewardError as `score` does.
        """
        if target is None and self.needs_target and self.kind != "python":
            raise InputError("reward.needs_target", reward=self.spec)
        return self.score(texts, [target or ""] * len(texts), [prompt] * len(texts))

    def _check_size(self, triples: Sequence[Triple], scores: Scores) -> None:
        for values in (scores.values, *scores.parts.values()):
            for triple, value in zip(triples, values, strict=True):
                if abs(value) > _LARGEST:
                    quoted = coded_triple(triple)
                    raise RewardError(
                        "reward.too_large", given=triple, reward=self.name, value=value, triple=quoted, most=_LARGEST
                    )

    def score_pairs(self, texts: Sequence[str], pairs: Sequence[Pair]) -> Scores:
        """Return the rewards of B `texts` for B `pairs`; of several right answers the highest reward counts.

        Raises RewardError as `score` does.
        """
        rows = [row for row, pair in enumerate(pairs) for _ in pair.answers]
        scores = self.score(
            [texts[row] for row in rows],
            [answer for pair in pairs for answer in pair.answers],
            [pairs[row].prompt for row in rows],
            [pairs[row].columns for row in rows],
        )
        if len(rows) == len(texts):
            return scores
        best: dict[int, int] = {}
        for number, row in enumerate(rows):
            if row not in best or scores.values[number] > scores.values[best[row]]:
                best[row] = number
        parts = {name: [values[number] for number in best.values()] for name, values in scores.parts.items()}
        return Scores([scores.values[number] for number in best.values()], parts)

    def best(self, target: str, prompt: str = "") -> float | None:
        """Return the reward of the exact target, the maximum of most rewards; None if unknown.

        It is unknown without a target, and for Python, which would have to run. Raises RewardError if a formula has no
        finite value there.
        """
        if self.kind == "python" or not self.needs_target:
            return None
        return self._scorer.score([Triple(target, target, prompt)]).values[0]

    def close(self) -> None:
        """End its process, if any; closing twice is fine."""
        self._scorer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def build_reward(
    spec: RewardSpec | str,
    *,
    on_log: Callable[[str], None] = _discard,
    limits: Limits = DEFAULT_LIMITS,
) -> Reward:
    """Return the reward of `spec`, as `start_reward` does; a text is enough for a formula."""
    if isinstance(spec, str):
        (spec,) = resolve([spec])
    return start_reward(spec, on_log, limits)


def start_reward(spec: RewardSpec, on_log: Callable[[str], None] = _discard, limits: Limits = DEFAULT_LIMITS) -> Reward:
    """Return the reward of `spec`: a built-in one, a formula, or Python, whose process starts at once.

    A function of this process is called here, without limits. Python rewards start only here, and only with the source
    in `spec`. `on_log` gets each line that it prints, at most 200 per batch, from another thread.

    Raises UnaskedError for Python without consent, InputError if `spec` is not a reward, with the nearest name or the
    position of the error, and RewardError if the Python cannot be loaded.
    """
    text, source = spec.text, spec.source
    if source is not None:
        if not spec.may_run:
            raise UnaskedError(spec)
        scorer: Scorer
        if isinstance(spec, FunctionSpec):
            scorer = FunctionScorer(spec.function, source.function, source.file)
        else:
            scorer = PythonScorer(source, limits, on_log)
        return Reward(text, source.name, "python", scorer, source=source.text, needs_target=True)
    formula = parse_formula(text)
    known: dict[str, Any] = {"needs_target": formula.needs_target, "range": formula.range}
    if formula.uses_own_scoring:
        return Reward(text, formula.text, "python", OwnScoring(formula, on_log), **known)
    if formula.component:
        return Reward(text, formula.component.label, "built-in", formula, **known)
    return Reward(text, formula.text, "formula", formula, **known)


class RewardFacts(NamedTuple):
    """Properties of a reward known without running it.

    `needs_target`: whether it depends on the target; False for Python, which would have to run. `range`: bounds of its
    values, infinitely wide if unknown, as for Python. `components`: the built-in rewards in it, as written.
    `uses_own_scoring`: whether the task's own scoring is one of them.
    """

    needs_target: bool
    range: Range
    components: tuple[str, ...] = ()
    uses_own_scoring: bool = False


def facts_of(spec: str) -> RewardFacts:
    """Return the facts of the reward `spec`; raises InputError if it is not a reward."""
    if is_python(spec):
        return RewardFacts(needs_target=False, range=ANYTHING)
    formula = parse_formula(spec)
    return RewardFacts(formula.needs_target, formula.range, tuple(formula.components), formula.uses_own_scoring)
