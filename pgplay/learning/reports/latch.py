"""Hysteresis, which keeps a finding from flickering while its number fluctuates around a limit."""

from __future__ import annotations

from typing import NamedTuple

from pgplay.learning.reports.step_report import Finding


class Band(NamedTuple):
    """Two limits of one number: a finding appears at the first, and stays until the number is back beyond the second.

    If `appears` is below `leaves`, low numbers hold, else high numbers.
    """

    appears: float
    leaves: float

    def holds(self, value: float, is_shown: bool) -> bool:
        """Return whether `value` is within the limit, the easier one for a finding that is shown already."""
        limit = self.leaves if is_shown else self.appears
        return value <= limit if self.appears < self.leaves else value >= limit


LINGER = 6
"""Checks in a row at which a finding must not hold before it is no longer shown."""


class Latch:
    """One finding during a run: shown from the first check at which it holds, until it fails LINGER checks in a row."""

    def __init__(self) -> None:
        self._shown: Finding | None = None
        self._looks_without = 0

    @property
    def finding(self) -> Finding | None:
        """The finding that is shown, with the numbers of the last check at which it held."""
        return self._shown

    def look(self, finding: Finding | None) -> None:
        """Add one check: the finding if it holds, else None."""
        self._looks_without = 0 if finding else self._looks_without + 1
        if finding or self._looks_without >= LINGER:
            self._shown = finding
