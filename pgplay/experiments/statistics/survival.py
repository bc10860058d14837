"""Completions until solved as a survival curve: an unsolved run is censored where it ended, not dropped."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import NamedTuple

from pgplay.experiments.statistics.estimates import CONFIDENCE, FEW, Interval

_ROUNDING = 1e-9


class SolveTime(NamedTuple):
    """The completions of a run until it solved; if not `solved`, until it ended, so that it would need more."""

    completions: float
    solved: bool


class MedianTime(NamedTuple):
    """A median of completions, None where half of the runs do not solve, with its interval, None for few runs."""

    median: float | None
    interval: Interval | None


def median_time(times: Sequence[SolveTime], confidence: float = CONFIDENCE) -> MedianTime:
    """Return the median of the survival curve of `times` (Kaplan and Meier 1958).

    Where the curve is flat at one half, the median is the middle of that stretch; None if the stretch is the last. The
    interval holds all times at which the pointwise log-log interval of the curve contains one half (Brookmeyer and
    Crowley 1982); its high end is infinite if the curve does not fall far enough.
    """
    if not any(time.solved for time in times):
        return MedianTime(None, None if len(times) < FEW else Interval(_earliest(times), math.inf))
    import numpy as np
    from scipy.stats import CensoredData, ecdf

    solved = [float(time.completions) for time in times if time.solved]
    unsolved = [float(time.completions) for time in times if not time.solved]
    curve = ecdf(CensoredData(uncensored=solved, right=unsolved)).sf
    steps, shares = curve.quantiles, curve.probabilities
    below = steps[shares < 0.5 - _ROUNDING]
    flat = steps[np.abs(shares - 0.5) <= _ROUNDING]
    median = None
    if below.size:
        median = float((flat[0] + below[0]) / 2 if flat.size else below[0])
    if len(times) < FEW:
        return MedianTime(median, None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the formula has no value where the curve is 0 or 1
        band = curve.confidence_interval(confidence, method="log-log")
    reached = steps[(band.low.probabilities <= 0.5) | (shares <= 0.0)]
    # Where the curve is 0 the formula has no value; the chance that all of n runs solve before the median is 2^-n.
    surely_zero = (shares <= 0.0) & (0.5 ** len(solved) < (1 - confidence) / 2)
    passed = steps[(band.high.probabilities < 0.5) | surely_zero]
    low = float(reached[0]) if reached.size else float(steps[-1])
    return MedianTime(median, Interval(low, float(passed[0]) if passed.size else math.inf))


def _earliest(times: Sequence[SolveTime]) -> float:
    return float(min(time.completions for time in times))
