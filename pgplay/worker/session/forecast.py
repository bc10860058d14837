"""A run's progress and predicted time left, as far as there is a trend.

The trend is a line through the recent mean rewards. Rewards do not rise along a line: the first and the last tenth
take longer. So each reward counts as the share of its time at which a run typically reaches it; against these shares
the time is nearly straight. tests/benchmarks/forecast.py measures the error.
"""

from __future__ import annotations

import bisect
import math
import statistics
from collections import deque
from typing import NamedTuple

from pgplay.config.run_config import RunConfig
from pgplay.learning.reports.step_report import StepReport
from pgplay.worker.protocol.records import SecondsLeft

_POINTS = 300
_FEWEST = 12
_RECENT_SHARE = 0.8
_Course = tuple[tuple[float, float], ...]
_TYPICAL: _Course = (
    *((0.0, -0.06), (0.1, 0.04), (0.2, 0.15), (0.3, 0.24), (0.4, 0.37), (0.5, 0.49), (0.6, 0.57), (0.7, 0.67)),
    *((0.8, 0.75), (0.85, 0.79), (0.9, 0.85), (0.95, 0.96), (1.0, 1.05)),
)
"""Mean rewards, as shares of the highest one, and the share of a run's time until they are reached: medians of 22 runs
that solved texts of 23 to 52 characters."""
_TYPICAL_DENSE: _Course = (
    *((0.0, 0.02), (0.1, 0.05), (0.2, 0.14), (0.3, 0.24), (0.4, 0.36), (0.5, 0.51), (0.6, 0.65), (0.7, 0.77)),
    *((0.8, 0.88), (0.9, 0.97), (1.0, 1.0)),
)
"""The same with dense credit, medians of 12 runs; most are solved while the mean is 0.8 to 0.9."""
_FEWEST_LEFT, _MOST_LEFT, _LAST_CHARACTERS = 0.25, 1.4, 0.7
"""Nine of ten such runs take between these multiples of what the trend says; at most this share of the time that they
have taken is added for the last characters, as a single one may take long."""
_SURE = 4.0
"""Standard errors above 0 that make a slope a trend; a high bar, as successive steps are correlated."""
_FARTHEST = 10.0
"""The longest forecast, as a multiple of the time that the run has taken."""
_PACE_SECONDS = 2.0


class Outlook(NamedTuple):
    """`progress` from 0 to 1 and `seconds_left`, each None if unknown."""

    progress: float | None
    seconds_left: SecondsLeft | None


class Forecast:
    """Follows the reports of one run. `goal` is the highest reward, that of a solved task; None if unknown.

    Progress is measured by the mean reward, which rises in a way typical of the `credit`, or with `by_greedy` by that
    of the greedy completions.
    """

    def __init__(self, goal: float | None, *, credit: str = "terminal", by_greedy: bool = False) -> None:
        self._goal = goal
        self._typical = _TYPICAL_DENSE if credit == "dense" else _TYPICAL
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
        left = [outlook.seconds_left for outlook in outlooks if outlook.seconds_left is not None]
        return Outlook(
            max((outlook.progress for outlook in outlooks if outlook.progress is not None), default=None),
            SecondsLeft(*map(min, zip(*left, strict=True))) if left else None,
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
        if not shares:
            return None
        left = max(0.0, min(seconds_left))
        return Outlook(min(1.0, max(shares)), SecondsLeft(left, left, left))

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
            return Outlook(1.0, SecondsLeft(0.0, 0.0, 0.0))
        if goal is None or self._first is None or len(self._points) < _FEWEST:
            return None
        column = 1 if by_mean else self._column
        first, now = self._first[column], statistics.fmean(point[column] for point in list(self._points)[-_FEWEST:])
        distance = goal - first
        progress = min(0.99, max(0.0, (now - first) / distance)) if distance > 0 else None
        return Outlook(progress, self._until(goal, column))

    def _until(self, goal: float, column: int) -> SecondsLeft | None:
        """Return the time until the recent trend of a column of the points reaches `goal`; None without a trend."""
        now = self._points[-1][0]
        recent = [point for point in self._points if point[0] >= now * (1 - _RECENT_SHARE)]
        recent = recent if len(recent) >= _FEWEST else list(self._points)[-_FEWEST:]
        seconds = [point[0] for point in recent]
        shares = [self._share_of_time(point[column]) for point in recent]
        if seconds[-1] <= seconds[0]:
            return None
        slope, intercept = statistics.linear_regression(seconds, shares)
        residuals = [share - slope * second - intercept for second, share in zip(seconds, shares, strict=True)]
        middle = statistics.fmean(seconds)
        spread = math.sqrt(sum((second - middle) ** 2 for second in seconds))
        error = math.sqrt(sum(residual**2 for residual in residuals) / (len(recent) - 2)) / spread
        if slope <= _SURE * error or slope <= 0:
            return None
        left = (self._share_of_time(goal) - slope * now - intercept) / slope
        if not 0 < left <= _FARTHEST * now:
            return None
        return SecondsLeft(_FEWEST_LEFT * left, left, _MOST_LEFT * left + _LAST_CHARACTERS * now)

    def _share_of_time(self, reward: float) -> float:
        """Return the share of a run's time at which its mean reward is typically this `reward`.

        Where nothing is typical, for a search or an unknown highest reward, the reward itself.
        """
        if self._column == 2 or not self._goal:
            return reward
        share = reward / self._goal
        upper = min(max(1, bisect.bisect(self._typical, (share, math.inf))), len(self._typical) - 1)
        (below, earlier), (above, later) = self._typical[upper - 1 : upper + 1]
        return earlier + (later - earlier) * (share - below) / (above - below)
