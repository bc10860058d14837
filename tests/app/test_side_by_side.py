"""Side by side: each line's runs, seeds as a median with a band, and one more run with a single change."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from statistics import median

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, OptionList

from pgplay.app.screens.dialogs.questions import ChooseDialog
from pgplay.app.screens.library.compare_runs import OverlayPlot, SideBySide
from pgplay.app.screens.library.time_travel import TravelScreen
from pgplay.app.state.plot_view import words_of
from pgplay.app.stored_runs.overlay import MOST_OVERLAID, Overlay, chart_of, relatives, series_of
from pgplay.config.run_config import to_settings
from pgplay.errors import InputError
from pgplay.export.comparison import write_comparison
from pgplay.runs.branches import branch_run
from pgplay.runs.run_library import LocalRunLibrary
from pgplay.runs.store import RunStore
from pgplay.runs.summaries import list_runs
from pgplay.worker.protocol.commands import Change, Resume, Start
from tests.app.fake_worker import Bench, begin, curve, until
from tests.app.stored_runs import store_run

SIZE = (120, 36)


def store_seeds() -> list[str]:
    runs = [store_run(f"seed-{seed}", 40, speed=1 + seed, seed=seed, checkpoints=()) for seed in range(3)]
    return [*runs, store_run("other", 30, algorithm="rloo", checkpoints=())]


def legend(screen: SideBySide) -> list[list[str]]:
    table = screen.query_one(DataTable)
    return [[str(cell) for cell in table.get_row_at(row)] for row in range(table.row_count)]


async def open_side_by_side(bench: Bench, pilot: Pilot[int]) -> SideBySide:
    await begin(bench, pilot)
    await pilot.press("p")
    await until(pilot, lambda: isinstance(bench.app.screen, SideBySide))
    await pilot.pause()
    assert isinstance(bench.app.screen, SideBySide)
    return bench.app.screen


async def choose_metric(bench: Bench, pilot: Pilot[int], title: str) -> None:
    """Plot the metric called `title`."""
    page = bench.app.screen
    await pilot.press("m")
    await until(pilot, lambda: isinstance(bench.app.screen, ChooseDialog))
    dialog = bench.app.screen
    assert isinstance(dialog, ChooseDialog)
    dialog.query_one(OptionList).highlighted = [name for name, _ in dialog._entries].index(title)
    await pilot.press("enter")
    await until(pilot, lambda: bench.app.screen is page)


def test_seeds_become_a_median_with_a_band_and_an_ended_run_counts_with_its_last_value() -> None:
    runs = store_seeds()
    store_run("seed-9", 10, speed=9.0, seed=9, checkpoints=())
    overlay = Overlay(LocalRunLibrary(), [*runs, "seed-9"])
    seeds, other = overlay.lines()
    assert (seeds.label, other.label) == ("algorithm=grpo  median of 4 seeds", "algorithm=rloo")
    chart = chart_of(overlay.lines(), "reward_mean")
    (band,) = chart.bands
    line = next(one for one in chart.curves if one.pen == f"run-{seeds.slot}")
    for step in (1, 10, 40):
        values = [curve(step * (1 + seed))["reward_mean"] for seed in range(3)]
        values.append(curve(min(step, 10) * 9)["reward_mean"])
        found = [next(one.last for one in edge if one.step == step) for edge in (band.lower, line.buckets, band.upper)]
        assert found == [min(values), median(values), max(values)]
    overlay.join_seeds(False)
    assert [one.label for one in overlay.lines()][1:3] == ["seed=1 algorithm=grpo", "seed=2 algorithm=grpo"]
    assert chart_of(overlay.lines(), "reward_mean").bands == ()
    overlay.close()


def store_three_algorithms_of_five_seeds() -> list[str]:
    return [
        store_run(f"{algorithm}-{seed}", 30, speed=1 + seed / 4, seed=seed, algorithm=algorithm, checkpoints=())
        for algorithm in ("grpo", "rloo", "reinforce")
        for seed in range(5)
    ]


def test_lines_are_counted_after_seeds_are_joined() -> None:
    overlay = Overlay(LocalRunLibrary(), store_three_algorithms_of_five_seeds())
    assert overlay.left_out == 0
    assert [line.label for line in overlay.lines()] == [
        f"algorithm={name}  median of 5 seeds" for name in ("grpo", "rloo", "reinforce")
    ]
    assert len({line.slot for line in overlay.lines()}) == len(chart_of(overlay.lines(), "reward_mean").bands) == 3
    with pytest.raises(InputError, match="8 lines are shown"):
        overlay.join_seeds(False)
    assert overlay.seeds_as_one
    assert len(overlay.lines()) == 3
    overlay.close()


@pytest.mark.parametrize("wanted", ["svg", "png", "csv"])
def test_the_picture_and_its_numbers_are_exported(wanted: str) -> None:
    overlay = Overlay(LocalRunLibrary(), store_three_algorithms_of_five_seeds())
    series = series_of(overlay.lines(), "reward_mean")
    written = write_comparison(series, "reward_mean", wanted)
    if wanted == "svg":
        text = written.decode()
        assert all(f"algorithm={name}  median of 5 seeds" in text for name in ("grpo", "rloo", "reinforce"))
        assert text.count("<polygon") == 4
    elif wanted == "png":
        assert written.startswith(b"\x89PNG")
    else:
        rows = list(csv.DictReader(io.StringIO(written.decode())))
        assert len(rows) == 3 * 30
        first = next(row for row in rows if row["line"].startswith("algorithm=rloo") and row["step"] == "10")
        assert float(first["lowest"]) == curve(10)["reward_mean"]
        assert float(first["highest"]) == curve(20)["reward_mean"]
        assert float(first["lowest"]) < float(first["reward_mean"]) < float(first["highest"])
    overlay.close()


def test_a_run_keeps_its_colour_while_others_come_and_go() -> None:
    runs = store_seeds()
    overlay = Overlay(LocalRunLibrary(), runs)
    overlay.join_seeds(False)
    before = {line.first.run: line.slot for line in overlay.lines()}
    assert len(set(before.values())) == 4
    overlay.remove("seed-1")
    assert {line.first.run: line.slot for line in overlay.lines()} == {
        run: slot for run, slot in before.items() if run != "seed-1"
    }
    overlay.add(overlay.read("seed-1"))
    assert {line.first.run: line.slot for line in overlay.lines()} == before
    overlay.close()


def test_runs_of_one_seed_are_not_called_seeds() -> None:
    overlay = Overlay(LocalRunLibrary(), [store_run(name, 20, seed=1, checkpoints=()) for name in ("once", "again")])
    assert [line.label for line in overlay.lines()] == ["median of 2 runs"]
    overlay.close()


def test_a_branch_is_drawn_beside_its_parent() -> None:
    parent = store_run("mine", 30)
    overlay = Overlay(LocalRunLibrary(), [parent, branch_run(parent, 20)])
    assert [line.label for line in overlay.lines()] == ["", "branch from step 20"]
    assert chart_of(overlay.lines(), "reward_mean").bands == ()
    overlay.close()


def test_a_run_is_shown_with_its_branches_its_parent_and_others_of_the_same_text() -> None:
    store_run("stranger", 5, target="good night", checkpoints=())
    store_run("like", 5, checkpoints=())
    parent = store_run("mine", 30)
    branch = branch_run(parent, 20)
    assert relatives(parent, list_runs()) == [parent, branch, "like"]
    assert relatives(branch, list_runs()) == [branch, parent, "like"]
    assert relatives("nobody", list_runs()) == []


async def test_the_legend_shows_the_differences_and_keys_change_the_plot() -> None:
    store_seeds()
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        screen = await open_side_by_side(bench, pilot)
        first, second = legend(screen)
        assert first[1] == "algorithm=rloo"
        assert second[1] == "algorithm=grpo  median of 3 seeds"
        await pilot.press("down")
        hint = screen.query_one("#overlay-hint")
        await until(pilot, lambda: "algorithm=grpo  median of 3 seeds: " in str(hint.render()))
        await pilot.press("up")
        assert first[0] != second[0]
        drawn = str(screen.query_one(OverlayPlot).render())
        assert first[0] in drawn
        assert second[0] in drawn
        assert "░" in drawn
        await pilot.press("b")
        await pilot.pause()
        assert len(legend(screen)) == 4
        assert "░" not in str(screen.query_one(OverlayPlot).render())
        await choose_metric(bench, pilot, words_of("cross_entropy").title)
        assert screen.query_one(OverlayPlot).metric == "cross_entropy"
        await pilot.press("delete")
        await pilot.pause()
        assert [row[2] for row in legend(screen)] == ["seed-2", "seed-1", "seed-0"]
        await pilot.press("h")
        await until(pilot, lambda: isinstance(bench.app.screen, TravelScreen))


async def test_a_filter_keeps_the_lines_whose_legend_matches_in_the_plot_too() -> None:
    store_seeds()
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        screen = await open_side_by_side(bench, pilot)
        rloo, grpo = (row[0] for row in legend(screen))
        plot, title = screen.query_one(OverlayPlot), screen.query_one("#overlay-title")
        await pilot.press("slash", *"Seed-2", "enter")
        await until(pilot, lambda: [row[0] for row in legend(screen)] == [grpo])
        assert grpo in str(plot.render())
        assert rloo not in str(plot.render())
        assert str(title.render()) == "Side by side · 4 runs in 2 lines, 1 shown"
        await pilot.press("slash", *"x")
        await until(pilot, lambda: not legend(screen))
        assert "No row contains these words" in str(screen.query_one("#overlay-hint").render())
        await pilot.press("escape")
        await until(pilot, lambda: len(legend(screen)) == 2)
        assert bench.app.screen is screen
        assert isinstance(screen.focused, DataTable)
        await pilot.press("escape")
        await until(pilot, lambda: bench.app.screen is bench.app.main)


async def test_different_rewards_are_reported_and_another_metric_is_common_to_all() -> None:
    for reward in ("levenshtein", "prefix"):
        store_run(reward, 20, reward=reward, checkpoints=())
    bench = Bench()
    async with bench.app.run_test(size=(80, 24)) as pilot:
        screen = await open_side_by_side(bench, pilot)
        plot = screen.query_one(OverlayPlot)
        assert "each line's own" in str(plot.border_title)
        await choose_metric(bench, pilot, words_of("cross_entropy").title)
        assert plot.metric == "cross_entropy"
        assert "its own" not in str(plot.border_title)


async def test_two_keys_start_the_same_seed_with_another_algorithm_beside_it() -> None:
    store_run("mine", 30, seed=7, target="good day", checkpoints=())
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        screen = await open_side_by_side(bench, pilot)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(bench.app.screen, ChooseDialog))
        await pilot.press("1")
        await until(pilot, lambda: bench.sent(Start))
        (start,) = bench.sent(Start)
        settings = to_settings(start.config)
        assert settings == {"target": "good day", "seed": 7, "algorithm": "reinforce"}
        store_run("new", 3, checkpoints=(), **settings)
        bench.worker.build(run="new", **settings)
        await until(pilot, lambda: len(legend(screen)) == 2)
        assert [row[1] for row in legend(screen)] == ["algorithm=grpo", "algorithm=reinforce"]
        assert bench.app.screen is screen
        await pilot.press("n")
        await until(pilot, lambda: len(bench.sent(Start)) == 2)
        assert to_settings(bench.sent(Start)[1].config) == {"target": "good day", "seed": 8}
        await pilot.pause()
        assert not bench.sent(Change)  # the run that was training must not be taken for the requested one


async def test_another_reward_may_be_ones_own_python(home: Path) -> None:
    (home / "rewards").mkdir(parents=True)
    (home / "rewards" / "mine.py").write_text("def reward(text, target, prompt):\n    return 0.5\n")
    store_run("old", 5, seed=7, checkpoints=())
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await open_side_by_side(bench, pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(bench.app.screen, ChooseDialog))
        await pilot.press("end", "enter")
        await until(pilot, lambda: bench.sent(Start))
        (start,) = bench.sent(Start)
        assert (start.config.reward, start.config.seed) == ("mine.py", 7)
        assert [spec.text for spec in start.rewards] == ["mine.py"]


@pytest.mark.exhaustive
async def test_runs_marked_in_the_list_are_shown_side_by_side() -> None:
    for name in ("one", "two", "three"):
        store_run(name, 5, checkpoints=(), target=name)
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await begin(bench, pilot)
        await pilot.press("u")
        await until(pilot, lambda: bench.app.screen.query(DataTable))
        await pilot.pause()
        await pilot.press("space", "down", "down", "space", "p")
        await until(pilot, lambda: isinstance(bench.app.screen, SideBySide))
        await pilot.pause()
        screen = bench.app.screen
        assert isinstance(screen, SideBySide)
        assert sorted(row[2] for row in legend(screen)) == ["one", "three"]
        assert sorted(row[1] for row in legend(screen)) == ["target=one", "target=three"]


@pytest.mark.exhaustive
async def test_lines_beyond_the_number_of_markers_are_left_out_with_a_note() -> None:
    numbers = range(MOST_OVERLAID + 1)
    runs = [store_run(f"run-{number}", 5, lr=0.01 + number / 1000, checkpoints=()) for number in numbers]
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await begin(bench, pilot)
        bench.app.perform(bench.app.controllers.stored_runs.side_by_side(*runs))
        await until(pilot, lambda: isinstance(bench.app.screen, SideBySide) and bench.app.screen.query("FooterKey"))
        screen = bench.app.screen
        assert f"{MOST_OVERLAID} runs · 1 left out" in str(screen.query_one("#overlay-title").render())
        await pilot.press("plus")
        await until(pilot, lambda: isinstance(bench.app.screen, ChooseDialog))
        await pilot.press("enter")
        hint = screen.query_one("#overlay-hint")
        await until(pilot, lambda: f"{MOST_OVERLAID} lines are shown" in str(hint.render()))
        assert bench.app.screen is screen
        await pilot.press("delete", "plus")
        await until(pilot, lambda: isinstance(bench.app.screen, ChooseDialog))


async def test_a_run_that_ends_without_another_step_is_shown_as_ended() -> None:
    store_run("mine", 30)
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        screen = await open_side_by_side(bench, pilot)
        assert legend(screen)[0][-1] == "paused"
        with RunStore.open("mine") as store:
            store.finish("solved")
        await until(pilot, lambda: legend(screen)[0][-1] == "solved")


async def test_a_branch_opens_a_page_where_settings_can_be_changed() -> None:
    store_run("mine", 30)
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await open_side_by_side(bench, pilot)
        await pilot.press("h")
        await until(pilot, lambda: isinstance(bench.app.screen, TravelScreen))
        await pilot.press("enter")
        await until(pilot, lambda: bench.sent(Resume))
        assert bench.app.screen is bench.app.main
