"""Inputs and outputs of a reward, and the interface of a scorer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Triple(NamedTuple):
    """The input of a reward: a text, and its target and prompt."""

    text: str
    target: str
    prompt: str


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


def short_repr(text: str, limit: int = 200) -> str:
    """Return the repr of `text`, cut to about `limit` characters, for a message."""
    return repr(text) if len(text) <= limit else f"{text[:limit]!r}… ({len(text):,} characters)"


def describe_triple(triple: Triple) -> str:
    """Return a description of `triple` for an error."""
    prompt = f", prompt {short_repr(triple.prompt)}" if triple.prompt else ""
    return f"the text {short_repr(triple.text)} (target {short_repr(triple.target)}{prompt})"
