"""The content of a stored run: one suite for every RunReader, and for what is drawn and exported from it."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
import pytest

from pgplay.app.stored_runs.stored_run import StoredRun
from pgplay.config.run_config import RunConfig
from pgplay.errors import PgplayError
from pgplay.export.formats import export_run
from pgplay.learning.reports.step_report import StepReport
from pgplay.runs.branches import branch_run
from pgplay.runs.labels import write_note
from pgplay.runs.reader import Parent, RunReader
from pgplay.runs.run_library import LocalRunLibrary
from pgplay.runs.store import RunStore
from tests.app.stored_runs import store_run
from tests.runs.by_messages import MessageRunLibrary

OpenRun = Callable[[str], RunReader]
LOCAL = LocalRunLibrary()
every_reader = pytest.mark.parametrize(
    "open_run", [LOCAL.open, MessageRunLibrary(LOCAL).open], ids=["DatabaseReader", "MessageRunReader"]
)


@every_reader
def test_steps_are_read_in_order_up_to_any_of_them(open_run: OpenRun) -> None:
    store_run("mine", 30)
    with open_run("mine") as run:
        assert [step for step, _ in run.each_row()] == list(range(1, 31))
        assert [step for step, _ in run.each_row(after_step=10, limit=3)] == [11, 12, 13]
        assert [step for window in run.windows(20, until=25) for step in window.steps] == [21, 22, 23, 24, 25]
        assert run.row(7) == dict(run.each_row())[7]
        assert run.row(31) == {}
        assert run.metrics()[0] == "reward_mean"
        assert run.curves(5).of["reward_mean"][-1].last == run.row(30)["reward_mean"]
        assert run.progress().steps == 30


@every_reader
def test_non_finite_numbers_stay_as_they_are(open_run: OpenRun) -> None:
    with RunStore.create(RunConfig(), "odd") as store:
        store.record(StepReport(1, 0.1, 64, {"reward_mean": math.nan, "entropy": math.inf}, (), False))
    with open_run("odd") as run:
        assert math.isnan(run.row(1)["reward_mean"])
        assert run.row(1)["entropy"] == math.inf


@every_reader
def test_samples_are_those_of_the_step_or_the_nearest_before(open_run: OpenRun) -> None:
    store_run("mine", 30)
    with open_run("mine") as run:
        kept = run.sampled_steps()
        assert kept == sorted(kept)
        assert run.samples(0) == ()
        between = next(step for step in range(1, 30) if step not in kept) if len(kept) < 30 else kept[-1]
        before = max(step for step in kept if step <= between)
        assert run.samples(between) == run.samples(before)
        assert run.samples(30)[0].text == "hello "


@every_reader
def test_a_run_reports_its_settings_and_its_state(open_run: OpenRun) -> None:
    store_run("mine", 30, checkpoints=(10, 20), seed=7)
    write_note("mine", "the one to show")
    branched = branch_run("mine", 10)
    with open_run("mine") as run:
        assert (run.name, run.config.seed, run.state, run.note) == ("mine", 7, "paused", "the one to show")
        assert run.parent is None
        assert run.checkpoints() == [10, 20]
        run.check()
    with open_run(branched) as branch:
        assert branch.parent == Parent("mine", 10)
        assert "branch" in [event.kind for event in branch.events()]


@every_reader
def test_a_change_that_cannot_be_read_is_an_error(open_run: OpenRun) -> None:
    with RunStore.create(RunConfig(), "odd") as store:
        store.event(3, "change", ("no change at all", {}))
    with open_run("odd") as run, pytest.raises(PgplayError, match="change after step 3"):
        StoredRun(run)


def test_the_past_and_every_export_are_the_same_through_messages() -> None:
    store_run("mine", 60)
    near, far = LOCAL.open("mine"), MessageRunLibrary(LOCAL).open("mine")
    with near, far:
        for kind in ("csv", "jsonl", "svg", "html"):
            assert list(export_run(far, kind)) == list(export_run(near, kind))
        drawn = [StoredRun(reader) for reader in (near, far)]
        assert msgspec.msgpack.encode(drawn[1].at(37)) == msgspec.msgpack.encode(drawn[0].at(37))
        assert drawn[1].stops == drawn[0].stops
        assert drawn[1].checkpoints == drawn[0].checkpoints == [0, 20, 40]
