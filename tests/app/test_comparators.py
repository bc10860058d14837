"""Algorithms that are not policy gradients are marked as such, and a search shows no numbers of a network."""

from __future__ import annotations

import pytest

from pgplay.app.screens.library.policies import Library
from pgplay.app.widgets.dropdown import Dropdown
from pgplay.app.widgets.plots.curve import Plot
from pgplay.config.changes import Changes
from pgplay.config.run_config import to_settings
from pgplay.learning.algorithms.table import ALGORITHMS, COMPARATORS
from pgplay.worker.protocol.commands import Change, Reset, Save, Start, Write
from pgplay.worker.protocol.events import StateChanged
from tests.app.fake_worker import Bench, begin, curve, until, words
from tests.app.test_setup import field, pick, unfold

SEARCH_METRICS = ("reward_mean", "reward_min", "reward_max", "greedy_reward", "unique_completions")


def search_metrics(step: int) -> dict[str, float]:
    return {name: value for name, value in curve(step).items() if name in SEARCH_METRICS}


async def test_the_list_marks_the_algorithms_that_are_not_policy_gradients() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        entries = bench.app.main.query_one("#algorithm", Dropdown).entries
        assert [entry.value for entry in entries] == [*ALGORITHMS, *COMPARATORS]
        assert {entry.value for entry in entries if "no policy gradient" in entry.description} == set(COMPARATORS)
        pick(bench, "algorithm", "hill-climb")
        await until(pilot, lambda: "no policy gradient" in words(bench, "#algorithm-note"))
        await until(pilot, lambda: "hill-climb" in words(bench, "#headline"))
        assert "gru" not in words(bench, "#headline")
        await pilot.press("space")
        assert to_settings(bench.sent(Start)[-1].config) == {"algorithm": "hill-climb"}


@pytest.mark.exhaustive
async def test_a_setting_without_effect_on_a_search_is_noted_under_its_field() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await unfold(bench, "lr")
        field(bench, "lr").value = "0.01"
        pick(bench, "algorithm", "random-search")
        await until(pilot, lambda: "trains no network, so lr has no effect" in words(bench, "#setting-lr .problem"))
        await pilot.press("space")
        assert bench.sent(Start) == []


async def test_a_search_is_plotted_without_network_curves_and_has_no_policy_to_save() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training", algorithm="hill-climb")
        bench.worker.train(50, metrics=search_metrics)
        await until(pilot, lambda: "┤" in words(bench, "#plot-1"))
        others = [plot for plot in bench.app.main.query(Plot) if plot.metric != "reward_mean"]

        def told_by(plot: Plot) -> str:
            return " ".join(str(plot.render()).split())

        await until(pilot, lambda: all("trains no network" in told_by(plot) for plot in others))
        assert "no network" not in words(bench, "#plot-1")
        bench.worker.tell(StateChanged(state="solved", step=50))
        await until(pilot, lambda: "solved" in words(bench, "#status"))
        assert "saves it" not in words(bench, "#status")
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert bench.app.screen is bench.app.main
        await pilot.press("w")
        await until(pilot, lambda: isinstance(bench.app.screen, Library))
        await pilot.press("escape")
        told = [notification.message for notification in bench.app._notifications]
        assert sum("hill-climb trains no network, so there is no policy." in message for message in told) >= 1
        assert bench.sent(Save) == bench.sent(Write) == []
        await pilot.press("r")
        assert bench.sent(Reset) == [Reset()]


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize(
    ("running", "chosen", "is_live"),
    [
        ("grpo", "hill-climb", False),
        ("hill-climb", "grpo", False),
        ("grpo", "supervised", True),
        ("hill-climb", "random-search", True),
    ],
)
async def test_a_live_change_of_algorithm_cannot_add_or_remove_the_network(
    running: str, chosen: str, is_live: bool
) -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        pick(bench, "algorithm", running)
        bench.worker.build("training", algorithm=running)
        await until(pilot, lambda: bench.app.state.run == "training")
        pick(bench, "algorithm", chosen)
        if is_live:
            await until(pilot, lambda: bench.sent(Change))
            assert bench.sent(Change) == [Change(settings=Changes(algorithm=chosen))]
        else:
            await until(pilot, lambda: "algorithm: at the next start" in words(bench, "#setup-note"))
            assert bench.sent(Change) == []
