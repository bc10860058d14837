"""Limits on the output of training code: lines per second, length."""

from __future__ import annotations

LINES_PER_SECOND = 50
"""Lines per second that become Log events; a reward that prints each completion prints ten thousand."""

LONGEST_LINE = 2_000
"""Characters of a line that become a Log event."""


class Throttle:
    """Admits a bounded number of lines per second."""

    def __init__(self, lines_per_second: int = LINES_PER_SECOND) -> None:
        self._limit = lines_per_second
        self._second = -1
        self._count = 0
        self._left_out = 0

    def admits(self, now: float) -> bool:
        """Return whether a line at `now` (seconds) is shown."""
        if int(now) != self._second:
            self._second, self._count = int(now), 0
        self._count += 1
        if self._count > self._limit:
            self.leave_out()
            return False
        return True

    def leave_out(self) -> None:
        """Count a line that is not shown for another reason."""
        self._left_out += 1

    def take_left_out(self) -> int:
        """Return how many lines were left out since the last call."""
        left_out, self._left_out = self._left_out, 0
        return left_out
