"""The scale of rewards: learning measures them by their range, so `100*levenshtein` learns as `levenshtein` does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from pgplay.rewards.ranges import Range

LEFT_OUT = 20
"""One in this many rewards of a step is left out of its range at either end: a few outliers set no scale."""
FAR = 1000.0
"""Ranges from 0 at which float32 begins to lose the differences between rewards."""


class RewardScale(NamedTuple):
    """Learning takes a reward r as (r - origin) / unit, where `unit` is the width of the range that begins at `low`.

    Whatever is compared with a reward is in these units: the least deviation, the weights of entropy and KL. `origin`
    is 0, except for rewards so far from it that float32 would lose their differences.
    """

    low: float = 0.0
    unit: float = 1.0
    origin: float = 0.0

    @classmethod
    def of(cls, known: Range, seen: Range) -> RewardScale:
        """Return the scale by the `known` range, or by that of the rewards `seen` if it is infinitely wide: unknown."""
        low, high = known if math.isfinite(known.high - known.low) else seen
        unit = high - low if high > low else 1.0
        return cls(low, unit, low if abs(low) > FAR * unit else 0.0)

    def share(self, reward: float) -> float:
        """Return how far up its range `reward` lies: 0 at the low end, 1 at the high one."""
        return (reward - self.low) / self.unit


def widened(seen: Range | None, rewards: Sequence[float]) -> Range:
    """Return the range `seen` in earlier steps, None before the first, widened to that of a step's `rewards`."""
    ordered = sorted(rewards)
    left_out = len(ordered) // LEFT_OUT
    usual = ordered[left_out : len(ordered) - left_out]
    own = usual if usual[0] < usual[-1] else ordered
    return Range(own[0], own[-1]) if seen is None else Range(min(seen.low, own[0]), max(seen.high, own[-1]))
