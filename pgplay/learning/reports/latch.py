"""Hysteresis: what keeps a finding from flickering while its number wavers around a limit."""

from __future__ import annotations

from typing import NamedTuple

from pgplay.learning.reports.step_report import Finding


class Band(NamedTuple):
    """Two limits of one number: a finding appears at the first, and stays until the number is back beyond the second.

    With `appears` below `leaves` low numbers are the ones found, else high numbers.
    """

    appears: float
    leaves: float

    def holds(self, value: float, said: bool) -> bool:
        """Return whether `value` is within the limit, which is the easier one for what is `said` already."""
        limit = self.leaves if said else self.appears
        return value <= limit if self.appears < self.leaves else value >= limit


LINGER = 6
"""Looks in a row at which a finding must not hold before it is no longer said."""


class Latch:
    """One finding over a run's looks: said at the first at which it holds, until it has not held for LINGER looks."""

    def __init__(self) -> None:
        self._said: Finding | None = None
        self._looks_without = 0

    @property
    def finding(self) -> Finding | None:
        """What is said now, with the numbers of the last look at which it held."""
        return self._said

    def look(self, finding: Finding | None) -> None:
        """Take in one look: the finding where it holds, else None."""
        self._looks_without = 0 if finding else self._looks_without + 1
        if finding or self._looks_without >= LINGER:
            self._said = finding
