"""The best that a run's reward and each of its measures have been, to compare the present with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pgplay.learning.reports.averages import Average

REWARD = "reward_mean"
MEASURE = "measure:"

BLOCK = 10
"""Steps whose mean counts as one value of a series."""


class Peak(NamedTuple):
    """The block of steps, ending with `step`, in which a series was highest, and the reward of that block."""

    step: int
    value: Average
    reward: Average


class Drop(NamedTuple):
    """How a series fell from its peak to the present block, and how the reward moved meanwhile."""

    peak: Peak
    value: Average
    reward: Average

    @property
    def share(self) -> float:
        """How much of the peak's height was lost; 1 is all of it."""
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
    """Takes in every step; keeps the highest block of the reward and of each measure, and the newest block of each."""

    def __init__(self) -> None:
        self._block: list[Mapping[str, float]] = []
        self._peaks: dict[str, Peak] = {}
        self._newest: dict[str, Average] = {}

    def add(self, step: int, metrics: Mapping[str, float]) -> None:
        """Take in one step."""
        self._block.append(metrics)
        if len(self._block) < BLOCK:
            return
        names = [name for name in metrics if name == REWARD or name.startswith(MEASURE)]
        self._newest = {name: Average.of([row[name] for row in self._block if name in row]) for name in names}
        self._block = []
        for name, value in self._newest.items():
            peak = self._peaks.get(name)
            if REWARD in self._newest and (peak is None or value.mean > peak.value.mean):
                self._peaks[name] = Peak(step, value, self._newest[REWARD])

    def drops(self) -> dict[str, Drop]:
        """Return how each series stands below its peak, by metric; empty before the first block is full."""
        return {
            name: Drop(self._peaks[name], value, self._newest[REWARD])
            for name, value in self._newest.items()
            if name in self._peaks
        }
