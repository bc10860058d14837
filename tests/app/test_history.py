"""However long a run and however wild its numbers, the curves stay bounded, finite and true."""

from __future__ import annotations

import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pgplay.app import axes
from pgplay.app.history import CAPACITY, History, Series


def test_a_long_series_keeps_its_extremes_and_its_end() -> None:
    series = Series()
    for step in range(1, 30_001):
        series.add(step, 5.0 if step == 12_345 else step / 30_000)
    assert len(series.buckets) <= CAPACITY + 1
    assert max(bucket.high for bucket in series.buckets) == 5.0
    assert min(bucket.low for bucket in series.buckets) == 1 / 30_000
    assert series.buckets[-1].step == 30_000
    assert series.buckets[-1].last == 1.0
    steps = [bucket.step for bucket in series.buckets]
    assert steps == sorted(set(steps))


def test_what_is_not_finite_or_not_new_is_left_out() -> None:
    series = Series()
    for step, value in ((1, math.nan), (2, math.inf), (3, 1.0), (3, 2.0), (2, 4.0), (4, -math.inf), (5, 3.0)):
        series.add(step, value)
    assert [(bucket.step, bucket.last) for bucket in series.buckets] == [(3, 1.0), (5, 3.0)]


def test_the_version_grows_with_every_change() -> None:
    history = History()
    history.add([(1, {"reward_mean": 0.5}), (2, {"entropy": 1.0})])
    assert history.version == 1
    assert history.last_step == 2
    history.clear()
    assert history.version == 2
    assert history.last_step == 0


@given(st.floats(-1e308, 1e308), st.floats(-1e308, 1e308), st.integers(1, 8))
@example(1852811222021.0, -3355979503004.0, 1)
@settings(max_examples=300, deadline=None)
def test_every_axis_is_finite_and_holds_its_values(one: float, other: float, parts: int) -> None:
    axis = axes.value_axis(min(one, other), max(one, other), parts)
    assert axis.low < axis.high
    assert 2 <= len(axis.ticks) <= parts + 3
    assert all(map(math.isfinite, axis.ticks))
    for value in (one, other, 0.0):
        assert 0.0 <= axis.fraction(value) <= 1.0
    assert all(len(text) <= 9 for text in axes.labels(axis.ticks))


def test_ticks_are_round() -> None:
    assert axes.labels(axes.value_axis(0, 1, 2).ticks) == ["0.0", "0.5", "1.0"]
    assert axes.labels(axes.value_axis(0, 3.3, 4).ticks) == ["0", "1", "2", "3"]
    assert axes.value_axis(0, 3.3, 4).high == 3.5
    assert axes.step_axis(143, 80).high == 160
    assert axes.labels(axes.step_axis(143_000, 60).ticks) == ["0", "50k", "100k", "150k"]
