"""Means over steps with their standard errors, so that noise is not taken for a trend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, pvariance
from typing import NamedTuple

SMALLEST_ERROR = 5e-4
"""The least standard error of a difference: a smaller rise does not matter to a person, however exact it is."""


class Average(NamedTuple):
    """A mean over steps with its standard error; both are NaN without a value."""

    mean: float
    error: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Average:
        """Return the average of `values`."""
        if not values:
            return cls(math.nan, math.nan)
        return cls(fmean(values), math.sqrt(pvariance(values) / len(values)))

    def rise_to(self, later: Average) -> float:
        """Return by how many standard errors of the difference `later` lies above this one; NaN without values."""
        return (later.mean - self.mean) / max(SMALLEST_ERROR, math.hypot(self.error, later.error))
