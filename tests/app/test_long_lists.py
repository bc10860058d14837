"""Lists of many runs and runs of many steps: no key waits while they are read."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from textual.widgets import DataTable, Input

from pgplay.app.screens.library.listing import AT_ONCE
from pgplay.app.state.metric_history import Recollection
from pgplay.app.stored_runs import stored_run
from pgplay.runs.database_reader import DatabaseReader
from pgplay.runs.run_library import LocalRunLibrary
from pgplay.runs.summaries import RunSummary
from tests.app.fake_worker import Bench, begin, until, words
from tests.app.stored_runs import store_run

SIZE = (120, 36)
COUNT = 2 * AT_ONCE + 50


async def test_a_long_list_is_read_once_and_a_mark_changes_one_row() -> None:
    calls = []

    class ManyRuns(LocalRunLibrary):
        def summaries(self) -> list[RunSummary]:
            calls.append(1)
            return [RunSummary(name=f"run-{number}", state="paused", target="abc") for number in range(COUNT)]

    bench = Bench()
    bench.app.run_library = ManyRuns()
    async with bench.app.run_test(size=SIZE) as pilot:
        await begin(bench, pilot)
        await pilot.press("u")
        await until(pilot, lambda: bench.app.screen.query(DataTable))
        table = bench.app.screen.query_one(DataTable)
        await until(pilot, lambda: table.row_count > 0)
        await pilot.press("down", "space")
        await pilot.pause()
        assert str(table.get_row("run-1")[0]).startswith("● run-1")
        await until(pilot, lambda: table.row_count == COUNT)
        assert [str(table.get_row_at(row)[0]) for row in (0, COUNT - 1)] == ["run-0", f"run-{COUNT - 1}"]
        await pilot.press("space")
        assert str(table.get_row("run-1")[0]) == "run-1"
        await pilot.resize_terminal(90, 30)
        await until(pilot, lambda: table.row_count == COUNT)
        assert table.cursor_row == 1
        assert len(calls) == 1


@pytest.mark.exhaustive
@pytest.mark.parametrize("key", ["h", "p"])
async def test_keys_work_while_a_long_run_is_read(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store_run("mine")
    may_go_on = threading.Event()
    read = stored_run.read_past

    def read_slowly(run: DatabaseReader) -> Recollection:
        assert may_go_on.wait(30)
        return read(run)

    monkeypatch.setattr(stored_run, "read_past", read_slowly)
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await begin(bench, pilot)
        bench.worker.build("paused", run="mine", target="abc")
        await until(pilot, lambda: bench.app.state.info is not None)
        await pilot.press(key)
        await until(pilot, lambda: any("Reading" in told.message for told in bench.app._notifications))
        await pilot.press("d")
        await until(pilot, lambda: len(bench.app.screen_stack) == 2)
        await pilot.press("escape")
        may_go_on.set()
        await until(pilot, lambda: bench.app.screen.query("#travel-plot, #overlay-plot"))


async def test_the_steps_before_a_resumed_run_appear_as_they_are_read(home: Path) -> None:
    store_run("mine", 60)
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training", run="mine", step=60, target="hello world")
        bench.worker.train(65, after=60)
        await until(pilot, lambda: len(bench.app.state.history.of("reward_mean").since(0)) == 65)
        steps = [bucket.step for bucket in bench.app.state.history.of("reward_mean").since(0)]
        assert steps == list(range(1, 66))
        assert "65" in words(bench, "#headline")


async def test_an_unreadable_store_does_not_disturb_the_resumed_run(home: Path) -> None:
    store_run("mine", 60)
    (home / "runs" / "mine" / "run.sqlite").write_bytes(b"garbage" * 1000)
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training", run="mine", step=60, target="hello world")
        await until(pilot, lambda: any("cannot be shown" in told.message for told in bench.app._notifications))
        assert bench.app.state.run == "training"


async def test_a_run_is_exported_from_the_list_in_the_background(tmp_path: Path) -> None:
    store_run("mine")
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await begin(bench, pilot)
        await pilot.press("u")
        await until(pilot, lambda: bench.app.screen.query(DataTable))
        await pilot.press("x")
        await until(pilot, lambda: bench.app.screen.query("#answer"))
        answer = bench.app.screen.query_one("#answer", Input)
        answer.value = str(tmp_path / "mine.docx")
        await pilot.press("enter")
        assert "csv" in str(bench.app.screen.query_one(".problem").render())
        answer.value = str(tmp_path / "mine.csv")
        await pilot.press("enter")
        await until(pilot, lambda: any("Wrote " in told.message for told in bench.app._notifications))
        assert (tmp_path / "mine.csv").read_text().startswith("step,")
