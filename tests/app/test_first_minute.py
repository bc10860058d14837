"""The first minute: the page of the very first start, its slow first steps, and the suggestions after a solved run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.widgets import Input

from pgplay.app.screens.dialogs.questions import AskDialog
from pgplay.app.screens.library.compare_runs import SideBySide
from pgplay.app.state.guide import FIRST_PACE, FIRST_STEPS
from pgplay.app.widgets.dropdown import Dropdown
from pgplay.app.widgets.samples import Samples
from pgplay.app.widgets.what_now import WhatNow
from pgplay.config.presets import load_preset
from pgplay.learning.reports.step_report import StepReport
from pgplay.worker.protocol.commands import Pace, Step
from pgplay.worker.protocol.events import Snapshot, StateChanged
from tests.app.app_start import start_app
from tests.app.fake_worker import Bench, begin, curve, opened, sample, snapshot, until, words
from tests.app.stored_runs import store_run

SIZES = [(80, 24), (120, 36), (200, 50)]


def solve(bench: Bench, *, right: float = 61 / 64, mean: float = 0.97, **settings: Any) -> None:
    """Report a run that is solved, with this many right samples and this mean reward."""
    bench.worker.build("training", **settings)
    bench.worker.tell(snapshot(40, metrics=lambda step: {**curve(step), "reward_mean": mean, "sampled_match": right}))
    bench.worker.tell(StateChanged(state="solved", step=40))


def card(bench: Bench) -> str:
    """The text of the card; empty if it is hidden."""
    shown = bench.app.main.query_one(WhatNow)
    return str(shown.render()) if shown.display and shown.region.height else ""


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("size", SIZES)
async def test_the_very_first_start_shows_a_lesson_once_and_begins_in_slow_motion(
    size: tuple[int, int], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = start_app(monkeypatch)
    async with bench.app.run_test(size=size) as pilot:
        await begin(bench, pilot)
        assert bench.app.main.setup.preset == "hello"
        is_narrow = bench.app.main.has_class("-narrow")
        assert ("An untrained policy writes random text" in words(bench, "#finding")) == is_narrow, "else beside Preset"
        assert ("Your first run begins in slow motion" in words(bench, "#finding")) != is_narrow
        assert "space: start" in words(bench, "#finding")
        assert bench.sent(Pace) == [Pace(seconds=FIRST_PACE)]
        await pilot.press("space")
        await until(pilot, lambda: "starting…" in words(bench, "#status"))
        await until(pilot, lambda: "space: start" not in words(bench, "#finding"))
        bench.worker.build("training")
        bench.worker.train(FIRST_STEPS - 1)
        await until(pilot, lambda: "Slow motion. Watch 'greedy'" in words(bench, "#finding"))
        assert "+: faster" in words(bench, "#finding")
        bench.worker.train(FIRST_STEPS, after=FIRST_STEPS - 1)
        await until(pilot, lambda: "Full speed." in words(bench, "#finding"))
        assert bench.sent(Pace)[-1] == Pace(seconds=0.0)
        bench.worker.tell(StateChanged(state="solved", step=FIRST_STEPS))
        await until(pilot, lambda: card(bench))
        assert not bench.app.main.query_one("#finding").display


async def test_the_first_hint_promises_no_target_to_a_run_without_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = start_app(monkeypatch)
    async with bench.app.run_test(size=SIZES[1]) as pilot:
        await begin(bench, pilot)
        await pilot.press("space")
        bench.worker.build("training", target="", reward="distinct")
        bench.worker.train(2)
        await until(pilot, lambda: "change while the reward climbs" in words(bench, "#finding"))


async def test_the_first_lesson_is_not_shown_for_a_setup_that_the_user_changed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = start_app(monkeypatch)
    async with bench.app.run_test(size=SIZES[0]) as pilot:
        await begin(bench, pilot)
        assert "An untrained policy writes random text" in words(bench, "#finding")
        bench.app.main.setup.set_target("goat cheese")
        await until(pilot, lambda: "Your first run begins in slow motion" in words(bench, "#finding"))
        assert bench.sent(Pace) == [Pace(seconds=FIRST_PACE)], "the first run still begins in slow motion"


async def test_another_preset_shows_its_own_lesson_at_full_speed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = start_app(monkeypatch)
    async with bench.app.run_test(size=SIZES[0]) as pilot:
        await begin(bench, pilot)
        bench.app.main.query_one("#preset", Dropdown).value = "hack-words"
        lesson = load_preset("hack-words").teaches
        await until(pilot, lambda: lesson in words(bench, "#finding"))
        await pilot.pause()
        finding = bench.app.main.query_one("#finding")
        rows = bench.app.screen._compositor.render_strips()[finding.region.y : finding.region.bottom]
        assert "space: start" in "".join(strip.text for strip in rows), "the lesson is shown whole"
        assert bench.sent(Pace)[-1] == Pace(seconds=0.0)
        await pilot.press("space")
        bench.worker.build("training", **load_preset("hack-words").settings)
        bench.worker.train(3)
        await until(pilot, lambda: bench.app.state.step == 3)
        assert not finding.display


async def test_a_speed_that_the_user_chose_outlasts_the_slow_start(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = start_app(monkeypatch, target="mine")
    async with bench.app.run_test(size=SIZES[0]) as pilot:
        await begin(bench, pilot)
        assert bench.app.main.setup.typed["target"] == "mine"
        await pilot.press("plus")
        bench.worker.build("training", target="mine")
        bench.worker.train(FIRST_STEPS + 1)
        await until(pilot, lambda: bench.app.state.step == FIRST_STEPS + 1)
        assert [pace.seconds for pace in bench.sent(Pace)] == [FIRST_PACE, 0.1]


async def test_a_later_start_is_at_full_speed_and_without_a_lesson(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir()
    (home / "app.json").write_text("{}")
    bench = start_app(monkeypatch)
    async with bench.app.run_test(size=SIZES[1]) as pilot:
        await begin(bench, pilot)
        assert bench.sent(Pace) == []
        assert not bench.app.main.query_one("#finding").display


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("size", SIZES)
async def test_a_solved_run_explains_itself_and_suggests_three_keys(size: tuple[int, int]) -> None:
    async with opened(size=size) as (bench, pilot):
        solve(bench)
        await until(pilot, lambda: card(bench))
        said = card(bench)
        assert "its most likely text is right; 61 of 64 sampled ones are." in said
        assert [key in said for key in ("n see one", "p compare algorithms", "e change the reward")] == [True] * 3
        assert "go on" not in said
        samples = bench.app.main.query_one(Samples)
        assert samples.region.height >= 7
        assert not samples.region.intersection(bench.app.main.query_one(WhatNow).region)
        assert bench.app.main.query_one("#plot-1").region.height >= 9
        assert max(map(len, said.splitlines())) <= size[0] - 2
        assert "esc" in f"{said}{bench.app.main.query_one(WhatNow).border_subtitle}"
        await pilot.press("escape")
        await until(pilot, lambda: not card(bench))
        bench.worker.build("training", run="another")
        solve(bench, right=0.0, mean=0.6)
        await until(pilot, lambda: card(bench))
        assert "but none of 64 sampled ones yet" in card(bench)


async def test_a_barely_solved_run_may_continue_to_a_mean_reward(home: Path) -> None:
    async with opened() as (bench, pilot):
        solve(bench, mean=0.61)
        await until(pilot, lambda: "train on" in card(bench))
        assert "to a mean reward of 0.95, from 0.61 now" in card(bench)
        await pilot.press("g")
        await until(pilot, lambda: isinstance(bench.app.screen, AskDialog))
        assert bench.app.screen.query_one("#answer", Input).value == "reward 0.95"
        await pilot.press("enter")
        await until(pilot, lambda: bench.sent(Step))
        assert bench.sent(Step)[-1].until == "reward>=0.95"
        bench.worker.tell(StateChanged(state="training", step=41))
        await until(pilot, lambda: not card(bench))


async def test_a_solved_search_suggests_what_a_search_can_do() -> None:
    async with opened() as (bench, pilot):
        bench.worker.build("training", algorithm="hill-climb")
        bench.worker.train(40)
        bench.worker.tell(StateChanged(state="solved", step=40))
        await until(pilot, lambda: "the best text of the search is right" in card(bench))
        assert "see one update" not in card(bench)
        keys = words(bench, "#keys")
        assert all(title not in keys for title in ("one update", "write", "save"))
        assert "p side by side" in keys


async def test_a_click_on_the_card_does_what_its_key_does() -> None:
    store_run("a-run")
    async with opened() as (bench, pilot):
        solve(bench)
        await until(pilot, lambda: card(bench))
        line = card(bench).splitlines().index(next(row for row in card(bench).splitlines() if "compare alg" in row))
        await pilot.click("#what-now", offset=(6, 1 + line))
        await until(pilot, lambda: isinstance(bench.app.screen, SideBySide))


async def test_numbers_for_developers_stay_hidden_until_asked_for(home: Path) -> None:
    async with opened() as (bench, pilot):
        bench.worker.build("training")
        bench.worker.train(40)
        await until(pilot, lambda: bench.app.state.step == 40 and "to go" in words(bench, "#status"))
        assert "tokens/s" not in words(bench, "#status")
        bench.app.controllers.shell.toggle_speed()
        await until(pilot, lambda: "61k tokens/s   sample  41%" in words(bench, "#status"))
        await pilot.press("ctrl+q")
    assert '"speed":true' in (home / "app.json").read_text()


async def test_completions_cut_at_the_limit_and_too_long_for_the_screen_have_symbols() -> None:
    async with opened(size=SIZES[0]) as (bench, pilot):
        bench.worker.build("training")
        cut = (sample("greedy", "hello wo", 0.7, 1), sample("best", "hello " * 40, 0.1, 1))
        unfinished = (msgspec.structs.replace(one, finished=False) for one in cut)
        report = StepReport(1, 0.1, 64, curve(1), (*unfinished, sample("top", "hello", 0.5, 1)), False)
        bench.worker.tell(Snapshot(report=report, rows=((1, curve(1)),)))
        await until(pilot, lambda: "⊣" in words(bench, "#samples"))
        greedy, best, top = words(bench, "#samples").splitlines()
        assert greedy.rstrip().endswith("wo···⊣")
        assert "…⊣" in best
        assert "⊣" not in top
        assert "…" not in top
        assert "cut at the limit" in str(bench.app.main.query_one("#samples").border_subtitle)


async def test_messages_of_one_page_cover_no_hint_of_the_next() -> None:
    bench = Bench()
    async with bench.app.run_test(size=SIZES[0], notifications=True) as pilot:
        await begin(bench, pilot)
        bench.app.notify_user("Said on the main page.")
        await until(pilot, lambda: bench.app.screen.query("Toast"))
        await pilot.pause()
        toast = bench.app.screen.query_one("Toast").region
        assert toast.bottom <= bench.app.main.query_one("#status").region.y
        await pilot.press("u")
        await until(pilot, lambda: bench.app.screen is not bench.app.main)
        await pilot.pause()
        assert not bench.app.screen.query("Toast")
