"""Inputs and outputs of a reward, and the interface of a scorer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from pgplay.locale.catalog import Coded
from pgplay.tasks.task import ColumnValues


class Triple(NamedTuple):
    """The input of a reward: a text, its target and prompt, and what further columns say about the prompt."""

    text: str
    target: str
    prompt: str
    columns: ColumnValues = ()


class Scores(NamedTuple):
    """The rewards `values` (B,) of B completions, and their `parts` (B,) by name."""

    values: list[float]
    parts: dict[str, list[float]]


class Scorer(Protocol):
    """Computes a reward: a formula in this process, or Python in another one."""

    def score(self, triples: Sequence[Triple]) -> Scores:
        """Return a finite score for each of `triples`; raises RewardError."""
        ...

    def close(self) -> None:
        """Release its resources; closing twice is fine."""
        ...


_LONGEST_QUOTE = 200
"""Characters of a text that an error quotes."""


def _quoted(text: str) -> str | Coded:
    start = repr(text[:_LONGEST_QUOTE])
    return start if len(text) <= _LONGEST_QUOTE else ("triple.long_text", {"start": start, "length": len(text)})


def coded_triple(triple: Triple) -> Coded:
    """Return `triple` as an error quotes it: a code with its texts, shortened."""
    code = "triple.with_prompt" if triple.prompt else "triple.without_prompt"
    texts = {"text": triple.text, "target": triple.target, "prompt": triple.prompt}
    return code, {name: _quoted(text) for name, text in texts.items()}
