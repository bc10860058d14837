"""The peaks of a run's reward and of each measure, to compare the present with."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from pgplay.learning.reports.averages import Average
from pgplay.learning.reports.metrics import REWARD_METRIC

MEASURE = "measure:"

BLOCK_STEPS = 10
"""The number of steps that are averaged into one value of a series."""


class Peak(NamedTuple):
    """The block of steps, ending with `step`, in which a series was highest, and the reward of that block."""

    step: int
    value: Average
    reward: Average


class Drop(NamedTuple):
    """A series' drop from its peak to the present, and the reward at both.

    The present is the higher of the two newest blocks: a single low block is a dip that runs often recover from.
    """

    peak: Peak
    value: Average
    reward: Average

    @property
    def share(self) -> float:
        """The share of the peak's height that was lost; 1 is all of it."""
        lost = self.peak.value.mean - self.value.mean
        return lost / abs(self.peak.value.mean) if self.peak.value.mean else lost

    @property
    def fall(self) -> float:
        """The fall in standard errors."""
        return self.value.rise_to(self.peak.value)

    @property
    def reward_rise(self) -> float:
        """The reward's rise since the peak, in standard errors."""
        return self.peak.reward.rise_to(self.reward)


class Peaks:
    """Takes in every step; keeps the highest block of the reward and of each measure, and the two newest blocks."""

    def __init__(self) -> None:
        self._block: list[Mapping[str, float]] = []
        self._peaks: dict[str, Peak] = {}
        self._newest: deque[dict[str, Average]] = deque(maxlen=2)

    def add(self, step: int, metrics: Mapping[str, float]) -> None:
        """Take in one step."""
        self._block.append(metrics)
        if len(self._block) < BLOCK_STEPS:
            return
        names = [name for name in metrics if name == REWARD_METRIC or name.startswith(MEASURE)]
        block = {name: Average.of([row[name] for row in self._block if name in row]) for name in names}
        self._block = []
        if REWARD_METRIC not in block:
            return
        self._newest.append(block)
        for name, value in block.items():
            peak = self._peaks.get(name)
            if peak is None or value.mean > peak.value.mean:
                self._peaks[name] = Peak(step, value, block[REWARD_METRIC])

    def drops(self) -> dict[str, Drop]:
        """Return each series' drop below its peak, by metric; empty before the first block is full."""
        drops = {}
        for name in self._newest[-1] if self._newest else ():
            present = max((block for block in self._newest if name in block), key=lambda block: block[name].mean)
            drops[name] = Drop(self._peaks[name], present[name], present[REWARD_METRIC])
        return drops
