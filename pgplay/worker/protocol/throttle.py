"""Limits on what training code may print: lines per second, length."""

from __future__ import annotations

LINES_PER_SECOND = 50
"""So many lines a second become Log events; a reward that prints each completion would print ten thousand."""

LONGEST_LINE = 2_000
"""Characters of a line that become a Log event."""


class Throttle:
    """Says of each line whether it still fits into this second."""

    def __init__(self, lines_per_second: int = LINES_PER_SECOND) -> None:
        self._limit = lines_per_second
        self._second = -1
        self._count = 0
        self._left_out = 0

    def admits(self, now: float) -> bool:
        """Return whether a line at `now` (seconds) may be shown."""
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
