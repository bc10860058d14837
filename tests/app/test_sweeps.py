"""Sweeps in the app: one line in the list, a live page, and a dialog that starts one in the background."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, DataTable, Input, Static

from pgplay.app.screens.dialogs.new_sweep import SweepDialog
from pgplay.app.screens.dialogs.questions import AskDialog, ConfirmDialog
from pgplay.app.screens.library.runs import Runs
from pgplay.app.screens.library.sweep import SweepScreen
from pgplay.app.screens.library.time_travel import TravelScreen
from pgplay.app.widgets.sweep_rows import SweepRows
from pgplay.experiments.statistics.estimates import load_scipy
from pgplay.experiments.sweep_library import LocalSweepLibrary, NoSweeps
from pgplay.experiments.sweep_list import list_sweeps
from pgplay.experiments.sweeps import Sweep, open_sweep, rename_sweep
from pgplay.runs.summaries import list_runs
from tests.app.fake_worker import Bench, begin, opened, until
from tests.app.stored_runs import store_run
from tests.experiments.stored_sweeps import store_seed, store_sweep


class FakeProcess:
    """Stands in for the process that trains a sweep."""

    def __init__(self) -> None:
        self.alive = True

    def end(self) -> None:
        self.alive = False

    def finish(self, patience: float) -> str:
        return "It failed."


class Trained(LocalSweepLibrary):
    """A library that starts no process."""

    def __init__(self) -> None:
        self.processes: dict[str, FakeProcess] = {}

    def train(self, name: str) -> Any:
        self.processes[name] = FakeProcess()
        return self.processes[name]


def lines(bench: Bench) -> str:
    rows = bench.app.screen.query_one(SweepRows)
    return "\n".join(rows.render_line(y).text.rstrip() for y in range(rows.size.height))


def text(bench: Bench, selector: str) -> str:
    return str(bench.app.screen.query_one(selector, Static).render())


async def open_first(bench: Bench, pilot: Pilot[Any]) -> None:
    await begin(bench, pilot)
    await pilot.press("u")
    await until(pilot, lambda: isinstance(bench.app.screen, Runs) and bench.app.screen.query_one(DataTable).row_count)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(bench.app.screen, SweepScreen))


def trained_sweep() -> Sweep:
    """Return a sweep of eight seeds in which the second recipe needs three times the completions."""
    load_scipy()  # beside an app that waits for it, it would take far longer
    sweep = store_sweep(seeds=range(8))
    for seed in range(8):
        for row in (0, 1):
            store_seed(sweep, row, seed, steps=(2 + seed % 3) * (3 if row else 1))
    return sweep.change(finished=True)


async def test_a_sweep_is_one_line_and_is_deleted_with_its_runs_once_asked() -> None:
    sweep = store_sweep()
    store_seed(sweep, 0, 0)
    async with opened() as (bench, pilot):
        await begin(bench, pilot)
        await pilot.press("u")
        await until(pilot, lambda: isinstance(bench.app.screen, Runs))
        table = bench.app.screen.query_one(DataTable)
        await until(pilot, lambda: table.row_count == 1)
        assert sweep.name[:20] in str(table.get_row_at(0)[0])
        assert "1 of 6 runs ended" in text(bench, "#page-hint")
        await pilot.press("delete")
        await until(pilot, lambda: isinstance(bench.app.screen, ConfirmDialog))
        assert "with 1 run?" in text(bench, ".words")
        await pilot.press("y")
        await until(pilot, lambda: isinstance(bench.app.screen, Runs) and not table.row_count)
    assert list_runs() == []


async def test_its_page_shows_every_run_the_median_the_interval_and_the_verdict() -> None:
    sweep = trained_sweep()
    async with opened() as (bench, pilot):
        await open_first(bench, pilot)
        await until(pilot, lambda: "needs 3 times" in lines(bench))
        shown = lines(bench)
        assert "8 of 8 (68 to 100%) solved · median 192 (128 to 256)" in shown
        assert "algorithm=rloo needs 3 times the completions of algorithm=grpo (3 to 3, 8 seeds)." in shown
        assert shown.count("●" * 8) == 2
        assert "━" in shown
        assert f"{sweep.name} · 16 of 16 runs ended · finished" in text(bench, "#sweep-title")
        await pilot.press("down", "right", "right", "enter")
        await until(pilot, lambda: isinstance(bench.app.screen, TravelScreen))
        assert f"{sweep.name}-1-2-solved" in text(bench, "#travel-title")


@pytest.mark.exhaustive
@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80", "120"])
def test_the_page_of_a_sweep_with_statistics(size: tuple[int, int], snap_compare: Callable[..., bool]) -> None:
    load_scipy()
    rows = [{"target": "hi", "reward": reward, "measure": ["lcs"]} for reward in ("levenshtein", "prefix", "charset")]
    store_sweep(rows, seeds=range(10), ranked_by="lcs")
    rename_sweep(list_sweeps(list_runs())[0].name, "three-rewards")
    sweep = open_sweep("three-rewards")
    for seed in range(9):
        spread = seed % 4 / 20
        store_seed(sweep, 0, seed, measure="lcs", values=[0.4, 0.8 + spread])
        store_seed(sweep, 1, seed, "failed" if seed == 3 else "solved", measure="lcs", values=[0.4, 0.7 + 2 * spread])
        if seed < 8:
            store_seed(sweep, 2, seed, "finished", measure="lcs", values=[0.6, 0.2 + spread])
    bench = Bench()

    async def look(pilot: Pilot[int]) -> None:
        await begin(bench, pilot)
        bench.app.perform(bench.app.controllers.sweeps.open("three-rewards"))
        await until(pilot, lambda: isinstance(bench.app.screen, SweepScreen) and "hacked" in lines(bench))
        await pilot.press("down", "down")

    assert snap_compare(bench.app, terminal_size=size, run_before=look)


async def test_few_seeds_are_called_few_and_a_run_that_ends_elsewhere_appears() -> None:
    sweep = store_sweep()
    store_seed(sweep, 0, 0)
    async with opened() as (bench, pilot):
        await open_first(bench, pilot)
        await until(pilot, lambda: "(few)" in lines(bench))
        assert "no run has ended" in lines(bench)
        store_seed(sweep, 1, 0, steps=4)
        await until(pilot, lambda: "Few seeds: algorithm=rloo needs 2 times" in lines(bench))
        assert "2 waiting" in lines(bench)


async def test_what_is_left_trains_in_the_background_until_it_is_stopped_or_the_app_ends() -> None:
    sweep = store_sweep()
    async with opened() as (bench, pilot):
        bench.app.sweep_library = library = Trained()
        await open_first(bench, pilot)
        await pilot.press("space")
        await until(pilot, lambda: sweep.name in library.processes)
        first = library.processes[sweep.name]
        await until(pilot, lambda: "starting" in text(bench, "#sweep-title"))
        await pilot.press("space")
        await until(pilot, lambda: not first.alive)
        await until(pilot, lambda: "It failed." in text(bench, "#page-hint"))
        await pilot.press("space")
        await until(pilot, lambda: library.processes[sweep.name] is not first)
        await bench.app.action_quit()
    assert not library.processes[sweep.name].alive


async def test_more_seeds_are_asked_for_and_trained_unless_all_is_clear() -> None:
    sweep = store_sweep()
    async with opened() as (bench, pilot):
        bench.app.sweep_library = library = Trained()
        await open_first(bench, pilot)
        await pilot.press("plus")
        await until(pilot, lambda: isinstance(bench.app.screen, AskDialog))
        bench.app.screen.query_one("#answer", Input).value = "many"
        await pilot.press("enter")
        await until(pilot, lambda: "whole number from 1 to 1000" in text(bench, ".problem"))
        bench.app.screen.query_one("#answer", Input).value = "4"
        await pilot.press("enter")
        await until(pilot, lambda: sweep.name in library.processes)
    assert open_sweep(sweep.name).plan.looks == (tuple(range(7)),)


async def test_a_sweep_of_the_setup_is_stored_and_trained_and_says_its_size_first() -> None:
    async with opened() as (bench, pilot):
        bench.app.sweep_library = library = Trained()
        await begin(bench, pilot)
        await pilot.press("W")
        await until(pilot, lambda: isinstance(bench.app.screen, SweepDialog))
        dialog = bench.app.screen
        await until(pilot, lambda: "one row" in text(bench, ".problem"))
        dialog.query_one("#swept-rewards", Input).value = "levenshtein, 0.5*prefix + 0.5*lcs"
        dialog.query_one("#swept-setting", Input).value = "lr=0.01, 0.03"
        dialog.query_one("#swept-seeds", Input).value = "4"
        await until(pilot, lambda: "4 rows × 4 seeds = 16 runs" in text(bench, "#sweep-size"))
        dialog.query_one("#yes", Button).press()
        await until(pilot, lambda: isinstance(bench.app.screen, SweepScreen))
        await until(pilot, lambda: "16 runs" in text(bench, "#sweep-title"))
    (summary,) = list_sweeps(list_runs())
    assert list(library.processes) == [summary.name]
    assert summary.reward == "levenshtein, 0.5*prefix + 0.5*lcs"


async def test_what_is_wrong_is_said_beside_the_fields() -> None:
    async with opened() as (bench, pilot):
        await begin(bench, pilot)
        await pilot.press("W")
        await until(pilot, lambda: isinstance(bench.app.screen, SweepDialog))
        fields = {"rewards": "levenshtein", "algorithms": "grpo, rloo", "setting": "", "seeds": "2"}
        for field, value, problem in (
            ("setting", "lr", "A setting and its values cannot be 'lr'"),
            ("setting", "lrr=1,2", "There is no setting called 'lrr'"),
            ("seeds", "none", "none"),
            ("rewards", "levenshtein, levenstein", "levenstein"),
        ):
            for name, usual in fields.items():
                bench.app.screen.query_one(f"#swept-{name}", Input).value = value if name == field else usual
            await pilot.pause()
            bench.app.screen.query_one("#yes", Button).press()
            await until(pilot, lambda problem=problem: problem in text(bench, ".problem"))


async def test_a_sweep_of_a_line_begins_from_the_runs_beside_each_other() -> None:
    store_run("mine", seed=3, algorithm="rloo")
    async with opened() as (bench, pilot):
        await begin(bench, pilot)
        await pilot.press("p")
        await until(pilot, lambda: bench.app.screen.query_one("#overlay-legend", DataTable).row_count)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(bench.app.screen, SweepDialog))
        assert bench.app.screen.query_one("#swept-algorithms", Input).value == "rloo"


async def test_beside_the_runs_of_another_machine_no_sweep_is_listed_or_begun() -> None:
    store_sweep()
    async with opened() as (bench, pilot):
        bench.app.sweep_library = NoSweeps()
        await begin(bench, pilot)
        await pilot.press("W")
        await until(pilot, lambda: any("this machine" in str(each.message) for each in bench.app._notifications))
        await pilot.press("u")
        await until(pilot, lambda: isinstance(bench.app.screen, Runs))
        assert not bench.app.screen.query_one(DataTable).row_count
