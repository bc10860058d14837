"""Estimates of one recipe over its seeds, with intervals: the share that solves, and the mean of a measure.

scipy is imported in the functions: loading scipy.stats takes 1.4 s, longer than a command may take to start.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

FEW = 8
"""Fewer seeds than this get no interval: a 95% bootstrap interval of three seeds covers 49 to 75%."""

CONFIDENCE = 0.95
"""The confidence of an interval, unless said otherwise."""

LEAST_FOR_IQM = 16
"""The fewest values of which an interquartile mean is taken: a quarter of them is four."""

_RESAMPLES = 9999
_LEAST_DEVIATION = 0.25
"""Of a resample, as a share of that of the values."""


class Interval(NamedTuple):
    """A range of numbers, both ends included; an open end is infinite."""

    low: float
    high: float

    @property
    def is_known(self) -> bool:
        """Whether one end at least is not open."""
        return math.isfinite(self.low) or math.isfinite(self.high)


def load_scipy() -> None:
    """Load what the statistics need of scipy, which may be done while runs are trained."""
    import scipy.stats  # noqa: F401


def share_interval(successes: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of the share that `successes` of `trials` are drawn from (Wilson 1927)."""
    from scipy.stats import binomtest

    interval = binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    return Interval(float(interval.low), float(interval.high))


def mean_interval(values: Sequence[float], seed: int, confidence: float = CONFIDENCE) -> Interval | None:
    """Return the interval of the mean by the studentised bootstrap (Hall 1988), drawn from `seed`.

    It covers a skewed measure's mean where percentile and BCa intervals of few values do not. None below FEW values,
    and where all are equal: resamples of one value have no spread.
    """
    if len(values) < FEW or len(set(values)) == 1:
        return None
    import numpy as np

    column = np.asarray(values, dtype=float)
    mean, deviation = float(column.mean()), float(column.std(ddof=1))
    resamples = np.random.default_rng(seed).choice(column, (_RESAMPLES, len(column)))
    # Resamples of nearly equal values would have ratios without bound.
    deviations = np.maximum(resamples.std(axis=1, ddof=1), _LEAST_DEVIATION * deviation)
    ratios = (resamples.mean(axis=1) - mean) / deviations
    low, high = np.quantile(ratios, ((1 - confidence) / 2, (1 + confidence) / 2))
    return Interval(mean - float(high) * deviation, mean - float(low) * deviation)


def interquartile_mean(values: Sequence[float]) -> float | None:
    """Return the mean of the middle half, None below LEAST_FOR_IQM values.

    Values on the border of the middle half count in part, so that it is half of them for any number of values.
    """
    if len(values) < LEAST_FOR_IQM:
        return None
    count = len(values)
    low, high = count / 4, 3 * count / 4
    weights = [max(0.0, min(place + 1, high) - max(place, low)) for place in range(count)]
    return math.fsum(weight * value for weight, value in zip(weights, sorted(values), strict=True)) / (high - low)
