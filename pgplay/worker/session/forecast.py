"""A run's progress and predicted time left, as far as there is a trend."""

from __future__ import annotations

import math
import statistics
from collections import deque
from typing import NamedTuple

from pgplay.config.run_config import RunConfig
from pgplay.learning.reports.step_report import StepReport

_POINTS = 300
_FEWEST = 12
_RECENT_SHARE = 0.4
_SURE = 4.0
"""Standard errors above 0 that make a slope a trend; a high bar, as successive steps are correlated."""
_FARTHEST = 10.0
"""The longest forecast, as a multiple of the time that the run has taken."""
_PACE_SECONDS = 2.0


class Outlook(NamedTuple):
    """`progress` from 0 to 1 and `seconds_left`, each None if unknown."""

    progress: float | None
    seconds_left: float | None


class Forecast:
    """Follows the reports of one run. `goal` is the reward at the goal, None if unknown.

    Progress is measured by the mean reward, or with `by_greedy` by that of the greedy completions.
    """

    def __init__(self, goal: float | None, *, by_greedy: bool = False) -> None:
        self._goal = goal
        self._column = 2 if by_greedy else 1
        self._points: deque[tuple[float, float, float]] = deque(maxlen=_POINTS)
        self._first: tuple[float, float, float] | None = None
        self._seen = 0
        self._every = 1
        self._pace: deque[tuple[float, float]] = deque()
        self._report: StepReport | None = None

    def add(self, report: StepReport) -> None:
        """Add a step."""
        self._report = report
        metrics = report.metrics
        self._pace.append((report.seconds, metrics.get("characters", 0.0)))
        while len(self._pace) > 2 and self._pace[0][0] < report.seconds - _PACE_SECONDS:
            self._pace.popleft()
        if "reward_mean" not in metrics or "greedy_reward" not in metrics:
            return
        point = report.seconds, metrics["reward_mean"], metrics["greedy_reward"]
        self._first = self._first or point
        self._seen += 1
        if self._seen % self._every == 0:
            self._points.append(point)
        if len(self._points) == _POINTS:
            self._points = deque(list(self._points)[1::2], _POINTS)
            self._every *= 2

    @property
    def characters_per_second(self) -> float:
        """Tokens sampled per second over the last two seconds of training."""
        if len(self._pace) < 2:
            return 0.0
        seconds = self._pace[-1][0] - self._pace[0][0]
        return sum(characters for _, characters in list(self._pace)[1:]) / seconds if seconds > 0 else 0.0

    def outlook(self, config: RunConfig) -> Outlook:
        """Return the outlook on the nearest of the ends that `config` sets: its goal and its limits."""
        if self._report is None:
            return Outlook(None, None)
        outlooks = [outlook for outlook in (self._to_goal(config), self._to_limits(config)) if outlook]
        return Outlook(
            max((outlook.progress for outlook in outlooks if outlook.progress is not None), default=None),
            min((outlook.seconds_left for outlook in outlooks if outlook.seconds_left is not None), default=None),
        )

    def _to_limits(self, config: RunConfig) -> Outlook | None:
        assert self._report is not None
        step, seconds = self._report.step, self._report.seconds
        shares, seconds_left = [], []
        if config.steps is not None:
            shares.append(step / config.steps)
            seconds_left.append((config.steps - step) * self._seconds_per_step())
        if config.max_seconds is not None:
            shares.append(seconds / config.max_seconds)
            seconds_left.append(config.max_seconds - seconds)
        return Outlook(min(1.0, max(shares)), max(0.0, min(seconds_left))) if shares else None

    def _seconds_per_step(self) -> float:
        assert self._report is not None
        if len(self._pace) < 2:
            return self._report.seconds / self._report.step
        return (self._pace[-1][0] - self._pace[0][0]) / (len(self._pace) - 1)

    def _to_goal(self, config: RunConfig) -> Outlook | None:
        assert self._report is not None
        ending = config.goal
        by_mean = ending.metric == "reward"
        if not by_mean and ending.kind != "solved":
            return None  # held-out metrics are measured too seldom for a trend
        goal = ending.value if by_mean else self._goal
        if not by_mean and self._report.solved:
            return Outlook(1.0, 0.0)
        if goal is None or self._first is None or len(self._points) < _FEWEST:
            return None
        column = 1 if by_mean else self._column
        first, now = self._first[column], statistics.fmean(point[column] for point in list(self._points)[-_FEWEST:])
        distance = goal - first
        progress = min(0.99, max(0.0, (now - first) / distance)) if distance > 0 else None
        # With entropy, the mean reward stays below the greedy completion's.
        seconds_left = self._until(goal, 1) if by_mean else (self._until(goal, 2) or self._until(goal, 1))
        return Outlook(progress, seconds_left)

    def _until(self, goal: float, column: int) -> float | None:
        """Return the seconds until the recent trend of a column of the points reaches `goal`; None without a trend."""
        now = self._points[-1][0]
        recent = [point for point in self._points if point[0] >= now * (1 - _RECENT_SHARE)]
        recent = recent if len(recent) >= _FEWEST else list(self._points)[-_FEWEST:]
        seconds = [point[0] for point in recent]
        values = [point[column] for point in recent]
        if seconds[-1] <= seconds[0]:
            return None
        slope, intercept = statistics.linear_regression(seconds, values)
        residuals = [value - slope * second - intercept for second, value in zip(seconds, values, strict=True)]
        middle = statistics.fmean(seconds)
        spread = math.sqrt(sum((second - middle) ** 2 for second in seconds))
        error = math.sqrt(sum(residual**2 for residual in residuals) / (len(recent) - 2)) / spread
        if slope <= _SURE * error or slope <= 0:
            return None
        left = (goal - slope * now - intercept) / slope
        return left if 0 < left <= _FARTHEST * now else None
