"""A run of any length as curves: no extreme of a curve is lost, and memory does not grow with the run."""

import math
import struct
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.app.state.metric_history import CAPACITY, RAW_STEPS, History
from pgplay.app.stored_runs.load_history import read_past
from pgplay.config.run_config import RunConfig
from pgplay.export.formats import export_run
from pgplay.learning.reports.step_report import StepReport
from pgplay.runs.curves import curves_of
from pgplay.runs.database_reader import DatabaseReader
from pgplay.runs.store import RunStore
from tests.runs.windows import window_of

MakeReport = Callable[..., StepReport]
numbers = st.floats(-1e308, 1e308) | st.just(math.nan) | st.just(math.inf)
told = st.dictionaries(st.sampled_from("abc"), numbers, max_size=3)


@given(st.lists(st.tuples(st.integers(1, 5), told), max_size=60), st.integers(1, 64), st.integers(1, 20))
def test_each_bucket_is_true_to_its_steps(
    distances: list[tuple[int, dict[str, float]]], most: int, at_once: int
) -> None:
    step, rows, values = 0, [], []
    for distance, metrics in distances:
        step += distance
        rows.append((step, metrics))
        values += [(step, name, value) for name, value in metrics.items() if math.isfinite(value)]
    windows = [window_of(rows[place : place + at_once]) for place in range(0, len(rows), at_once)]
    curves = curves_of(windows, step, most)
    assert set(curves.of) == {name for _, name, _ in values}
    for name, buckets in curves.of.items():
        assert len(buckets) <= most
        for bucket in buckets:
            inside = [
                (at, value) for at, other, value in values
                if other == name and (at - 1) // curves.span == curves.number(bucket)
            ]  # fmt: skip
            assert (bucket.step, bucket.last) == inside[-1]
            assert (bucket.low, bucket.high) == (min(v for _, v in inside), max(v for _, v in inside))
            assert bucket.steps == len(inside)
            assert bucket.low - 1e-9 * abs(bucket.low) <= bucket.mean <= bucket.high + 1e-9 * abs(bucket.high)
        assert sum(bucket.steps for bucket in buckets) == sum(other == name for _, other, _ in values)


@pytest.fixture
def long_run() -> str:
    with RunStore.create(RunConfig(), "long") as store:
        # One transaction for all of them: only reading is tested here.
        store._database.execute("BEGIN")
        names = store._remember(store._database, ("reward_mean", "entropy"))
        for step in range(1, 20_001):
            told = struct.pack("<2d", math.sin(step), 9.0 if step == 12_345 else 1.0)
            row = (step, step / 50, step, 0, math.sin(step), names, told)
            store._database.execute("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", row)
        store._database.execute("COMMIT")
    return "long"


def test_the_past_of_a_long_run_is_thinned_and_continues_with_later_steps(long_run: str) -> None:
    with DatabaseReader.open(long_run) as run:
        past = read_past(run, 20_000)
    history = History()
    history.add((step, {"reward_mean": 0.5, "entropy": 2.0}) for step in range(20_001, 20_051))
    history.precede(past)
    entropy = history.of("entropy")
    assert len(entropy.buckets) <= CAPACITY
    assert max(bucket.high for bucket in entropy.buckets) == 9.0
    assert [bucket.step for bucket in entropy.since(19_900)] == list(range(19_900, 20_051))
    assert entropy.since(0)[0].low == 1.0
    assert sum(bucket.steps for bucket in entropy.buckets) == 20_050
    history.add([(20_051, {"entropy": 3.0})])
    assert history.last_step == 20_051


def test_the_past_of_a_short_run_is_shown_value_by_value(make_report: MakeReport) -> None:
    with RunStore.create(RunConfig(), "short") as store:
        for step in range(1, RAW_STEPS // 2):
            store.record(make_report(step, reward=step / 7))
    history = History()
    with DatabaseReader.open("short") as run:
        history.precede(read_past(run))
    shown = [bucket.last for bucket in history.of("reward_mean").since(0)]
    assert shown == [step / 7 for step in range(1, RAW_STEPS // 2)]


@pytest.mark.exhaustive
@pytest.mark.parametrize("wanted", ["csv", "jsonl", "svg", "html"])
def test_the_memory_of_an_export_does_not_grow_with_the_steps(long_run: str, wanted: str) -> None:
    with DatabaseReader.open(long_run) as run:
        list(export_run(run, wanted))  # modules that are loaded once do not count
        tracemalloc.start()
        size = sum(len(piece) for piece in export_run(run, wanted))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert size > 10_000
    assert peak < 6_000_000  # the rows as dictionaries would take twice as much


def test_a_long_export_reports_its_progress(long_run: str) -> None:
    shares: list[float] = []
    with DatabaseReader.open(long_run) as run:
        for wanted in ("csv", "html"):
            shares.clear()
            list(export_run(run, wanted, (), shares.append))
            assert shares == sorted(shares)
            assert len(shares) >= 4
            assert 0 <= shares[0] < shares[-1] <= 1
