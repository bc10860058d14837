"""What passes between a reward and those that compute it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Triple(NamedTuple):
    """What one reward is given for: a text, and the target and prompt that it was written for."""

    text: str
    target: str
    prompt: str


class Scores(NamedTuple):
    """The rewards of B completions: `values` (B,) and, by name, the `parts` (B,) that they are made of."""

    values: list[float]
    parts: dict[str, list[float]]


class Scorer(Protocol):
    """What computes a reward: a formula in this process, or a person's Python in another."""

    def score(self, triples: Sequence[Triple]) -> Scores:
        """Return a finite score for each of `triples`; raises RewardError."""
        ...

    def close(self) -> None:
        """Give back what it holds; closing twice is fine."""
        ...


def shorten(text: str, limit: int = 200) -> str:
    """Return `text` as Python would write it, cut to about `limit` characters, for a message of one line."""
    return repr(text) if len(text) <= limit else f"{text[:limit]!r}… ({len(text):,} characters)"


def tell(triple: Triple) -> str:
    """Return what was being scored, in words."""
    prompt = f", prompt {shorten(triple.prompt)}" if triple.prompt else ""
    return f"the text {shorten(triple.text)} (target {shorten(triple.target)}{prompt})"
