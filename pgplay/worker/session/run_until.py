"""When a run pauses, and its pace, as the person requests them.

Neither is part of the recipe: when a run *ends* is in `stop_conditions`, and the pace changes no number.
"""

from __future__ import annotations

import time

from pgplay.config import goals
from pgplay.errors import InputError
from pgplay.learning.reports.step_report import StepReport
from pgplay.rewards.reward import facts_of
from pgplay.worker.protocol.commands import Step

SLOWEST = 60.0
"""The longest minimum duration of a step, in seconds."""


class RunUntil:
    """A number of steps, a goal and a duration, each optional; the first one reached pauses the run."""

    def __init__(self, command: Step) -> None:
        """Raises InputError for an impossible number or goal."""
        if command.count is not None and command.count < 1:
            raise InputError("until.count", count=command.count)
        if command.seconds is not None and not command.seconds > 0:
            raise InputError("until.duration", seconds=command.seconds)
        self._left = command.count
        self._goal = goals.parse_ending(command.until) if command.until else None
        self._ends_at = time.monotonic() + command.seconds if command.seconds is not None else None

    def check_reachable(self, reward: str) -> None:
        """Raise InputError for a goal above the highest value of `reward`, on which the run trains."""
        if self._goal is not None:
            goals.check_reachable(self._goal, facts_of(reward).range.high, reward)

    def is_over(self, report: StepReport) -> bool:
        """Return whether the run pauses after the step of `report`; called once after each step."""
        if self._left is not None:
            self._left -= 1
        return (
            self._left == 0
            or (self._goal is not None and goals.reached(self._goal, report.metrics, solved=report.solved))
            or (self._ends_at is not None and time.monotonic() >= self._ends_at)
        )


class Tempo:
    """Slow motion: the minimum duration of a step in seconds; 0 is full speed."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._next = 0.0

    def set(self, seconds: float) -> None:
        """Set the minimum duration of a step; raises InputError."""
        if not 0 <= seconds <= SLOWEST:
            raise InputError("pace.seconds", seconds=seconds, slowest=SLOWEST)
        self._seconds, self._next = seconds, 0.0

    def wait(self) -> float:
        """Return the seconds to wait before the next step."""
        return max(0.0, self._next - time.monotonic())

    def begin_step(self) -> None:
        """Note that a step begins."""
        self._next = time.monotonic() + self._seconds
