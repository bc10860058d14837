"""The check that a single prompt can be learnt, by which a setup is tried before its task: the verdict at its end."""

from __future__ import annotations

from collections import deque
from typing import Literal

from pgplay.learning.reports.averages import Average
from pgplay.learning.reports.metrics import REWARD_METRIC
from pgplay.learning.reports.peaks import BLOCK_STEPS
from pgplay.learning.reports.step_report import StepReport

NEWEST = 3 * BLOCK_STEPS
"""Steps at the end that are compared with the first BLOCK_STEPS."""

CLEAR_RISE = 4.0
"""Standard errors of the difference by which a reward that has risen lies above the first steps'."""

NOTHING_LEARNT = ("no-signal", "tied-rewards", "collapsed-entropy", "low-entropy", "steps-too-long", "noisy-gradient")
"""The findings on which a single prompt is worth a try: the reward does not rise."""

OnePromptVerdict = Literal["learnt", "rising", "risen", "not_learnt"]


class OnePromptCheck:
    """Takes in every step of a run on one prompt.

    With a target that prompt is learnt once its greedy completion is right. Without one there is only the reward, which
    has `risen` or not.
    """

    def __init__(self, *, has_target: bool) -> None:
        self._has_target = has_target
        self._first: list[float] = []
        self._newest: deque[float] = deque(maxlen=NEWEST)
        self._is_right = False

    def add(self, report: StepReport) -> None:
        """Take in the next step."""
        self._is_right = report.solved
        reward = report.metrics.get(REWARD_METRIC)
        if reward is None:
            return
        if len(self._first) < BLOCK_STEPS:
            self._first.append(reward)
        else:
            self._newest.append(reward)

    @property
    def rewards(self) -> tuple[float, float]:
        """The mean reward of the first steps and of the newest ones; NaN where there are none."""
        return Average.of(self._first).mean, Average.of(self._newest or self._first).mean

    @property
    def verdict(self) -> OnePromptVerdict | None:
        """What the steps so far say; None where there are too few."""
        if self._is_right:
            return "learnt"
        if not self._newest:
            return None
        if Average.of(self._first).rise_to(Average.of(self._newest)) < CLEAR_RISE:
            return "not_learnt"
        return "rising" if self._has_target else "risen"
