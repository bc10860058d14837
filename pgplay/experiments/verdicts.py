"""A comparison in words, as codes of texts with their values."""

from __future__ import annotations

import math

from pgplay.errors import coded
from pgplay.experiments.statistics.estimates import Interval
from pgplay.experiments.statistics.looks import pairs_needed
from pgplay.experiments.summary import Comparison, Summary
from pgplay.experiments.yardstick import Yardstick
from pgplay.locale.catalog import Coded
from pgplay.locale.quoting import two_digits

_LONGEST_FORECAST = 7 * 24 * 3600.0
"""Seconds beyond which no further seeds are suggested."""


def unit_of(yardstick: Yardstick) -> str:
    """Return what an axis of the compared values is labelled with."""
    return "completions" if yardstick.kind == "completions" else yardstick.name


def verdict_of(summary: Summary, comparison: Comparison) -> Coded:
    """Return the verdict of `comparison` as a sentence."""
    a, b = (summary.results[place].entry.label for place in (comparison.a, comparison.b))
    paired = comparison.paired
    same = comparison.verdict == "not told apart"
    if summary.yardstick.kind == "completions":
        if paired.size is None:
            return coded("comparison.none-solved", a=a, b=b)
        size = _size(paired.size)
        if paired.interval is None:
            return coded("comparison.few-times", a=a, b=b, size=size, each=[_bound(ratio) for ratio in paired.each])
        code = "comparison.same-times" if same else "comparison.times"
        return coded(code, a=a, b=b, size=size, range=_range(paired.interval), seeds=paired.pairs)
    measure = summary.yardstick.name
    if paired.size is None:
        return coded("comparison.not-measured", a=a, b=b, measure=measure)
    gain = paired.size.low
    if paired.interval is None:
        each = [two_digits(value.low) for value in paired.each]
        return coded("comparison.few-values", a=a, b=b, measure=measure, size=gain, each=each)
    code = "comparison.same-values" if same else "comparison.values"
    low, high = paired.interval
    return coded(code, a=a, b=b, measure=measure, size=gain, low=low, high=high, seeds=paired.pairs)


def forecast_of(summary: Summary, comparison: Comparison, jobs: int) -> Coded | None:
    """Return how long further seeds would take to tell the two apart, with `jobs` runs at once.

    None where they are told apart, and where the difference is too small, or the seeds are too few, for a forecast.
    """
    paired = comparison.paired
    if comparison.verdict != "not told apart" or paired.p is None:
        return None
    needed = pairs_needed(paired.pairs, paired.p, summary.p_to_tell_apart)
    if needed is None or needed <= paired.pairs:
        return None
    more = needed - paired.pairs
    seconds = more * sum(result.seconds for result in summary.results) / jobs
    return coded("comparison.more", seconds=seconds, seeds=more) if seconds <= _LONGEST_FORECAST else None


def _bound(ratio: Interval) -> str:
    if math.isinf(ratio.high):
        return f">{two_digits(ratio.low)}"
    return two_digits(ratio.high) if ratio.low else f"<{two_digits(ratio.high)}"


def _size(size: Interval) -> Coded:
    if size.low == size.high:
        return coded("ratio.exact", ratio=size.low)
    if math.isinf(size.high):
        return coded("ratio.least", ratio=size.low) if size.low else coded("ratio.open")
    return coded("ratio.most", ratio=size.high)


def _range(interval: Interval) -> Coded:
    if math.isinf(interval.high):
        return coded("ratio.from", low=interval.low) if interval.low else coded("ratio.any")
    if interval.low:
        return coded("ratio.range", low=interval.low, high=interval.high)
    return coded("ratio.to", high=interval.high)
