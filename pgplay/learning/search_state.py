"""The state of a search in a checkpoint, without torch."""

from __future__ import annotations

import msgspec

from pgplay.learning.reports.step_report import Sample


class BestText(msgspec.Struct, frozen=True):
    """A prompt's best text so far, and its reward."""

    text: str
    reward: float


class SearchCounters(msgspec.Struct):
    """The state of a search.

    `kept` has the best text of each prompt, by the reward `judged_by`; `unscored` has those of an earlier reward or
    target.
    """

    judged_by: str
    steps: int = 0
    completions: int = 0
    seconds: float = 0.0
    waiting: list[int] = []
    best: Sample | None = None
    kept: dict[str, BestText] = {}
    unscored: dict[str, str] = {}
