"""Back in time: an earlier step on the screen, and a branch made there."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from pgplay.app.screens.library.compare_runs import SideBySide
from pgplay.app.screens.library.runs import Runs
from pgplay.app.screens.library.time_travel import TravelScreen
from pgplay.app.stored_runs.stored_run import StoredRun
from pgplay.app.widgets.slider import Slider
from pgplay.config.run_config import make_config
from pgplay.errors import coded
from pgplay.learning.reports.step_report import StepReport
from pgplay.runs.database_reader import DatabaseReader
from pgplay.runs.store import RunStore
from pgplay.worker.protocol.commands import Resume, Start
from tests.app.fake_worker import Bench, begin, curve, sample, until
from tests.app.stored_runs import store_run
from tests.runs.by_messages import MessageRunLibrary

SIZE = (120, 36)


async def travel(bench: Bench, pilot: Pilot[int]) -> TravelScreen:
    """Go back in time in the run called 'mine', from the list of runs."""
    await begin(bench, pilot)
    await pilot.press("u")
    await until(pilot, lambda: bench.app.screen.query("DataTable"))
    await pilot.pause()
    await pilot.press("h")
    await until(pilot, lambda: isinstance(bench.app.screen, TravelScreen))
    await pilot.pause()
    assert isinstance(bench.app.screen, TravelScreen)
    return bench.app.screen


def shown(screen: Screen[Any], selector: str) -> str:
    return str(screen.query_one(selector).render())


async def test_keys_lead_to_any_step_and_its_samples() -> None:
    store_run("mine")
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        screen = await travel(bench, pilot)
        slider = screen.query_one(Slider)
        assert slider.value == 60
        assert "hello world" in shown(screen, "#samples")
        for key, step, greedy in (
            ("left", 59, "hello world"), ("pageup", 40, "hello wo"), ("left", 39, "hello w"), ("pageup", 20, "hell"),
            ("home", 0, ""), ("right", 1, ""), ("pagedown", 20, "hell"), ("end", 60, "hello world"),
        ):
            await pilot.press(key)
            await pilot.pause()
            assert slider.value == step
            assert f"step {step} of 60" in shown(screen, "#travel-title")
            if greedy:
                rows = shown(screen, "#samples").splitlines()
                assert any(row.startswith("greedy") and greedy in row for row in rows)


async def test_a_run_of_trl_opens_and_says_that_it_can_only_be_looked_at() -> None:
    with RunStore.create(make_config({}), "mine", trainer="TRL 1.16.0") as other:
        other.record(StepReport(10, 0.1, 64, curve(1), (sample("top", "h", 0.1, 10),), False))
        other.event(10, "finding", coded("finding.tied-rewards", tied=1.0))
        other.finish("finished", coded("ending.steps", steps=10))
        other.close()
        bench = Bench()
        async with bench.app.run_test(size=SIZE) as pilot:
            await begin(bench, pilot)
            await pilot.press("u")
            await until(pilot, lambda: bench.app.screen.query("DataTable"))
            hint = bench.app.screen.query_one("#page-hint")
            await until(pilot, lambda: "Trained by TRL 1.16.0" in str(hint.render()))
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(bench.app.screen, TravelScreen))
            screen = bench.app.screen
            assert isinstance(screen, TravelScreen)
            await until(pilot, lambda: "Trained by TRL 1.16.0" in shown(screen, "#travel-hint"))
            assert "Step 10: 100% of the groups are tied" in shown(screen, "#travel-hint")
            await pilot.press("enter")
            screen.query_one(Slider).action_go(9)
            await until(pilot, lambda: "was not logged" in shown(screen, "#travel-numbers"))
            assert "groups are tied" not in shown(screen, "#travel-hint")
            await pilot.press("escape", "p")
            await until(pilot, lambda: isinstance(bench.app.screen, SideBySide))
            for key in ("n", "w"):
                bench.app.screen.query_one("#overlay-hint", Static).update("")
                await pilot.press(key)
                await until(pilot, lambda: "is trained by TRL 1.16.0" in shown(bench.app.screen, "#overlay-hint"))
            assert bench.sent(Resume) == bench.sent(Start) == []


async def test_enter_on_a_run_that_another_process_trains_watches_it_live() -> None:
    with RunStore.create(make_config({}), "mine") as other:
        other.record(StepReport(1, 0.1, 64, curve(1), (sample("greedy", "h", 0.1, 1),), False))
        bench = Bench()
        async with bench.app.run_test(size=SIZE) as pilot:
            await begin(bench, pilot)
            await pilot.press("u")
            await until(pilot, lambda: bench.app.screen.query("DataTable"))
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(bench.app.screen, TravelScreen))
            screen = bench.app.screen
            assert isinstance(screen, TravelScreen)
            await until(pilot, lambda: "Watching · mine · step 1 of 1" in shown(screen, "#travel-title"))
            other.record(StepReport(2, 0.2, 128, curve(2), (sample("greedy", "hello", 0.4, 2),), False))
            await until(pilot, lambda: "Watching · mine · step 2 of 2" in shown(screen, "#travel-title"))
            assert "hello" in shown(screen, "#samples")
            assert bench.sent(Resume) == []


def test_a_checkpoint_that_is_written_while_a_run_is_read_waits_for_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    store_run("mine", 30, checkpoints=(0, 20))
    monkeypatch.setattr(DatabaseReader, "checkpoints", lambda self: [0, 20, 31])
    monkeypatch.setattr(DatabaseReader, "sampled_steps", lambda self: [1, 30, 31])
    past = StoredRun(DatabaseReader.open("mine"))
    assert (past.last_step, past.checkpoints, past.stops) == (30, [0, 20], [1, 30])
    past.close()


async def test_clicks_on_the_slider_and_the_plot_lead_to_their_step() -> None:
    store_run("mine")
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        screen = await travel(bench, pilot)
        slider = screen.query_one(Slider)
        await pilot.click(Slider, offset=(4 + (120 - 2 - 7) // 2, 0))
        assert slider.value == pytest.approx(30, abs=1)
        await pilot.click("#travel-plot", offset=(30, 5))
        await pilot.pause()
        assert 0 < slider.value < 30


async def test_enter_makes_a_paused_branch_from_the_last_checkpoint_before() -> None:
    store_run("mine")
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        screen = await travel(bench, pilot)
        await pilot.press("pageup", "left")
        await pilot.pause()
        assert "step 20, the last checkpoint" in shown(screen, "#travel-hint")
        await pilot.press("enter")
        await until(pilot, lambda: bench.sent(Resume))
        (sent,) = bench.sent(Resume)
        assert (sent.run, sent.at, sent.paused) == ("mine", 20, True)
        assert bench.app.screen is bench.app.main
        bench.worker.build("paused", run="mine-at-20", step=20, target="good day")
        await until(pilot, lambda: bench.app.state.settings == {"target": "good day"})
        assert bench.app.state.run == "paused"


async def test_a_run_that_continues_is_followed() -> None:
    store_run("mine")
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        screen = await travel(bench, pilot)
        with RunStore.open("mine") as store:
            store.record(StepReport(61, 2.0, 99, curve(61), (sample("greedy", "hell", 0.5, 61),), False))
        screen._refresh()
        await until(pilot, lambda: "hell·" in shown(screen, "#samples"))
        await pilot.press("left")
        with RunStore.open("mine") as store:
            store.record(StepReport(62, 2.0, 99, curve(62), (), False))
        screen._refresh()
        await until(pilot, lambda: "step 60 of 62" in shown(screen, "#travel-title"))


async def test_without_a_run_it_says_how_to_get_one() -> None:
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await begin(bench, pilot)
        await pilot.press("h")
        await until(pilot, lambda: isinstance(bench.app.screen, Runs))
        assert "Space to start one" in shown(bench.app.screen, "#page-hint")


async def test_a_run_stored_elsewhere_can_be_browsed() -> None:
    store_run("mine")
    bench = Bench()
    bench.app.run_library = MessageRunLibrary(bench.app.run_library)
    async with bench.app.run_test(size=SIZE) as pilot:
        screen = await travel(bench, pilot)
        await pilot.press("pageup")
        await pilot.pause()
        assert "step 40 of 60" in shown(screen, "#travel-title")
        assert "hello wo" in shown(screen, "#samples")
