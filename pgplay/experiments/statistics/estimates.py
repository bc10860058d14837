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
    """Return the bootstrap interval of the mean (BCa, Efron 1987), drawn from `seed`.

    None below FEW values, and where all are equal: resamples of one value have no spread.
    """
    if len(values) < FEW or len(set(values)) == 1:
        return None
    import numpy as np
    from scipy.stats import bootstrap

    resampled = bootstrap(
        (np.asarray(values, dtype=float),),
        np.mean,
        n_resamples=_RESAMPLES,
        confidence_level=confidence,
        method="BCa",
        rng=np.random.default_rng(seed),
    )
    return Interval(float(resampled.confidence_interval.low), float(resampled.confidence_interval.high))


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
