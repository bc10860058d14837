"""The curves' numbers, bounded: however long a run, a series holds at most `CAPACITY` buckets of lowest and highest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

CAPACITY = 1024

CURVES = ("reward_mean", "reward_min", "reward_max", "greedy_reward", "entropy", "cross_entropy", "gradient_norm")
"""The metrics of which the app keeps the history."""


class Bucket(NamedTuple):
    """Some neighbouring steps: where they end, and the lowest, the highest and the last value among them."""

    step: int
    low: float
    high: float
    last: float


class Series:
    """One metric over the steps. A value that is not finite is not kept: the curve goes on at the next one that is."""

    def __init__(self) -> None:
        self.buckets: list[Bucket] = []
        self._span = 1
        self._filled = 0

    def add(self, step: int, value: float) -> None:
        """Append the `value` of `step`; a step that is not after the last one is left out."""
        if not math.isfinite(value) or (self.buckets and step <= self.buckets[-1].step):
            return
        if self._filled % self._span and self.buckets:
            old = self.buckets[-1]
            self.buckets[-1] = Bucket(step, min(old.low, value), max(old.high, value), value)
        else:
            self.buckets.append(Bucket(step, value, value, value))
        self._filled = (self._filled + 1) % self._span
        if len(self.buckets) > CAPACITY and not self._filled:
            self._halve()

    def cut(self, step: int) -> None:
        """Forget what came after `step`."""
        self.buckets = [bucket for bucket in self.buckets if bucket.step <= step]
        self._filled = 0

    def _halve(self) -> None:
        pairs = zip(self.buckets[::2], self.buckets[1::2], strict=False)
        merged = [Bucket(b.step, min(a.low, b.low), max(a.high, b.high), b.last) for a, b in pairs]
        if len(self.buckets) % 2:
            merged.append(self.buckets[-1])
        self.buckets = merged
        self._span *= 2
        self._filled = 0


class History:
    """Every curve of the present run; `version` grows with each change, so that a plot knows whether to redraw."""

    def __init__(self) -> None:
        self.version = 0
        self.series = {name: Series() for name in CURVES}

    @property
    def last_step(self) -> int:
        """The last step that any curve holds, 0 where there is none."""
        return max((series.buckets[-1].step for series in self.series.values() if series.buckets), default=0)

    def add(self, rows: Iterable[tuple[int, Mapping[str, float]]]) -> None:
        """Append the metrics of some steps."""
        for step, metrics in rows:
            for name, series in self.series.items():
                if name in metrics:
                    series.add(step, metrics[name])
        self.version += 1

    def cut(self, step: int) -> None:
        """Forget what came after `step`, for a run that goes on from a checkpoint."""
        for series in self.series.values():
            series.cut(step)
        self.version += 1

    def clear(self) -> None:
        """Forget everything; the version still grows, so that plots are drawn empty."""
        self.series = {name: Series() for name in CURVES}
        self.version += 1
