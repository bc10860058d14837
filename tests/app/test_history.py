"""However long a run and however extreme its numbers, the curves stay bounded, finite and true."""

from __future__ import annotations

import itertools
import math
import tracemalloc

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pgplay.app.state.app_state import AppState
from pgplay.app.state.metric_history import CAPACITY, MOST_MARKS, History, Series, smoothed
from pgplay.export import axes
from pgplay.learning.reports.step_report import Trace
from pgplay.runs.curves import MOST_SERIES, Bucket
from tests.app.fake_worker import snapshot


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


def test_non_finite_and_repeated_steps_are_left_out() -> None:
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
    assert all(len(text) <= 10 for text in axes.labels(axis))


def test_ticks_are_round() -> None:
    assert axes.labels(axes.value_axis(0, 1, 2)) == ["0.0", "0.5", "1.0"]
    assert axes.labels(axes.value_axis(0, 3.3, 4)) == ["0", "1", "2", "3"]
    assert axes.value_axis(0, 3.3, 4).high == 3.5
    assert axes.step_axis(143, 80).high == 160
    assert [axes.step_label(tick) for tick in axes.step_axis(143_000, 60).ticks] == ["0", "50k", "100k", "150k"]


@given(st.floats(1e-12, 1e12), st.floats(1e-12, 1e12), st.integers(3, 50))
@example(0.999, 1.0001, 9)
@settings(max_examples=200, deadline=None)
def test_no_label_of_an_axis_is_rounded_away_from_its_tick(one: float, other: float, rows: int) -> None:
    """A label that differs from its tick's value makes the whole axis wrong."""
    low, high = min(one, other), max(one, other)
    for axis in (
        axes.value_axis(low, high, max(1, rows // 5)),
        axes.row_axis(low, high, rows),
        axes.row_axis(low, high, rows, from_zero=False),
        axes.log_axis(low, high, rows),
    ):
        assert axis.low <= low * (1 + 1e-9)
        assert axis.high >= high * (1 - 1e-9)
        texts = axes.labels(axis)
        assert len(set(texts)) == len(texts)
        gap = min(after - before for before, after in itertools.pairwise(axis.ticks)) if len(axis.ticks) > 1 else 1.0
        for text, tick in zip(texts, axis.ticks, strict=True):
            value = float(text.replace("k", "e3").replace("M", "e6"))
            assert abs(value - tick) <= 0.01 * gap


@given(st.floats(-1e308, 1e308), st.floats(-1e308, 1e308), st.integers(3, 50))
@example(-0.3, 0.2, 3)
@example(0.0, 1e308, 50)
@settings(max_examples=300, deadline=None)
def test_each_tick_of_a_plot_in_rows_is_the_value_of_its_row(one: float, other: float, rows: int) -> None:
    low, high = min(one, other), max(one, other)
    made = [axes.row_axis(low, high, rows), axes.row_axis(low, high, rows, from_zero=False)]
    if low > 0:
        made.append(axes.log_axis(low, high, rows))
    for axis in made:
        assert axis.low < axis.high
        assert 2 <= len(axis.ticks) <= rows
        for tick in axis.ticks:
            place = axis.fraction(tick) * (rows - 1)
            assert abs(place - round(place)) < 0.13  # half of a braille dot


def test_a_plot_in_rows_keeps_round_ticks_and_wastes_little_space() -> None:
    assert axes.row_axis(0, 1, 9).ticks == (0, 0.25, 0.5, 0.75, 1)
    assert axes.row_axis(0, 1, 8).ticks == (0, 0.5, 1)
    assert axes.row_axis(0, 3.3, 10).ticks == (0, 1, 2, 3, 4)
    assert axes.row_axis(0.31, 0.86, 9, from_zero=False).ticks == (0.25, 0.5, 0.75)
    for rows in range(3, 50):
        assert axes.row_axis(0, 4.6, rows).high <= 6
    assert axes.log_axis(1e-6, 1, 10).ticks == (1e-6, 1e-4, 1e-2, 1)


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(4, 200))
@settings(max_examples=200, deadline=None)
def test_a_recent_part_begins_and_ends_as_stated(first: int, length: int, columns: int) -> None:
    axis = axes.recent_axis(first, first + length, columns)
    assert (axis.low, axis.high) == (first, first + length)
    assert all(first <= tick <= first + length for tick in axis.ticks)
    assert all(float(axes.step_label(tick).replace("k", "e3")) == tick for tick in axis.ticks)


def test_the_recent_part_of_a_long_run_is_kept_value_by_value() -> None:
    series = Series()
    for step in range(1, 20_001):
        series.add(step, float(step))
    assert [bucket.last for bucket in series.since(19_951)] == list(range(19_951, 20_001))
    assert series.since(0)[0].low == 1.0
    assert series.at(19_990) == Bucket(19_990, 19_990, 19_990, 19_990, 19_990)
    coarse = series.at(5_000)
    assert coarse is not None
    assert coarse.low <= 5_000 <= coarse.high + coarse.steps


def test_smoothing_forgets_by_steps_not_by_stored_points() -> None:
    one_by_one = [Bucket(step, value, value, value, value) for step, value in enumerate([0.0] + [1.0] * 40, start=1)]
    even = smoothed(one_by_one, 10)
    assert even[0].last == 0.0
    assert math.isclose(even[20].last, 1 - math.exp(-20 / 10), rel_tol=1e-9)
    merged = [Bucket(1, 0, 0, 0, 0), Bucket(21, 1, 1, 1, 1, 20)]
    assert math.isclose(smoothed(merged, 10)[-1].last, even[20].last, rel_tol=1e-9)


def test_every_metric_is_kept_within_bounds() -> None:
    history = History()
    history.add((step, {f"measure:{number}": 1.0 for number in range(1000)}) for step in range(1, 4))
    assert len(history.series) == MOST_SERIES
    for step in range(MOST_MARKS + 50):
        history.mark(step, "lr 0.1")
        history.mark(step, "lr 0.1")
    assert len(history.marks) == MOST_MARKS
    history.cut(100)
    assert history.marks[-1].step == 100


@pytest.mark.exhaustive
def test_memory_does_not_grow_with_the_length_of_a_run() -> None:
    state, sizes = AppState(), []
    tracemalloc.start()
    for last in range(64, 16_385, 64):
        trace = Trace((0.5,), 0.0, 1.0, (last,))
        state.apply(msgspec.structs.replace(snapshot(last, after=last - 64), traces=((last, trace),)))
        if last in (4096, 8192, 16_384):  # the buckets are equally full at each of these lengths
            sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert max(sizes) < 1.1 * sizes[0]
