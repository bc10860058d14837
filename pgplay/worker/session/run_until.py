"""When a run pauses by itself, and its pace: what a person asks for with the keys.

Neither is part of the recipe: when a run *ends* is `worker.ending`, and how slowly one looks changes no number.
"""

from __future__ import annotations

import time

from pgplay.config import goals
from pgplay.errors import InputError
from pgplay.learning.reports.step_report import StepReport
from pgplay.rewards.reward import facts_of
from pgplay.worker.protocol.commands import Step

SLOWEST = 60.0
"""Seconds that a step may be made to take."""


class RunUntil:
    """So many steps, until a goal, for so many seconds: it is over when any of them is."""

    def __init__(self, command: Step) -> None:
        """Raises InputError where the command names no way to be over, or an impossible one."""
        if command.count is not None and command.count < 1:
            raise InputError("until.count", count=command.count)
        if command.seconds is not None and not command.seconds > 0:
            raise InputError("until.duration", seconds=command.seconds)
        self._left = command.count
        self._goal = goals.parse_ending(command.until) if command.until else None
        self._ends_at = time.monotonic() + command.seconds if command.seconds is not None else None

    def check_reachable(self, reward: str) -> None:
        """Refuse a goal that is above all that `reward`, by which the run trains, can give; raises InputError."""
        if self._goal is not None:
            goals.check_reachable(self._goal, facts_of(reward).highest, reward)

    def is_over(self, report: StepReport) -> bool:
        """Tell whether the run pauses after the step that `report` is of; to be asked once after each step."""
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
        """Take another tempo from now on; raises InputError."""
        if not 0 <= seconds <= SLOWEST:
            raise InputError("pace.seconds", seconds=seconds, slowest=SLOWEST)
        self._seconds, self._next = seconds, 0.0

    def wait(self) -> float:
        """Return the seconds to wait before the next step."""
        return max(0.0, self._next - time.monotonic())

    def begin_step(self) -> None:
        """Note that a step begins."""
        self._next = time.monotonic() + self._seconds
