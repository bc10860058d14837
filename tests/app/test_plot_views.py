"""The views of the plots: metrics, smoothing, zoom, scale, cursor and full size."""

from __future__ import annotations

import math
import textwrap

import pytest
from textual.widgets import OptionList, Static

from pgplay.app.screens.dialogs.choose_metrics import MetricsScreen
from pgplay.app.state.plot_view import PlotView, words_of
from pgplay.app.widgets.plots.curve import Plot
from pgplay.config.changes import Changes
from pgplay.config.run_config import make_config
from pgplay.learning.reports.metrics import USUAL_METRICS
from pgplay.runs.store import RunStore
from pgplay.worker.protocol.events import Changed
from tests.app.fake_worker import Bench, curve, opened, snapshot, until, words


def with_further(step: int) -> dict[str, float]:
    return {**curve(step), "measure:prefix": step / 1000, "part:levenshtein": 0.5, "kl_update": 10.0 ** (step % 5 - 6)}


def subtitle(bench: Bench, number: int) -> str:
    return str(bench.app.main.query_one(f"#plot-{number}", Plot).border_subtitle)


def test_a_title_that_does_not_fit_loses_its_unit_and_then_its_kind() -> None:
    measure, update = words_of("measure:levenshtein"), words_of("kl_first_update")
    assert [measure.title_within(width) for width in (21, 20)] == ["levenshtein (measure)", "levenshtein"]
    titles = [update.title_within(width) for width in (28, 27)]
    assert titles == ["KL of the first update, nats", "KL of the first update"]


async def test_any_metric_of_the_run_can_be_plotted() -> None:
    async with opened(size=(120, 40)) as (bench, pilot):
        bench.worker.build()
        bench.worker.train(100, metrics=with_further)
        await until(pilot, lambda: bench.app.state.step == 100)
        await pilot.press("m")
        await until(pilot, lambda: isinstance(bench.app.screen, MetricsScreen))
        await pilot.press("slash", *"measure:", "enter")
        await until(pilot, lambda: bench.app.screen.query_one("#metrics").option_count == 1)
        await pilot.press("space", "escape")
        await until(pilot, lambda: bench.app.main.query("#plot-5"))
        assert bench.app.state.view.shown[-1] == "measure:prefix"
        await until(pilot, lambda: "┤" in words(bench, "#plot-5"))
        assert bench.app.main.query_one("#plot-5", Plot).border_title == "prefix (measure)"


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_list_of_metrics_breaks_no_word_and_shows_the_whole_meaning_below(size: tuple[int, int]) -> None:
    async with opened(size=size) as (bench, pilot):
        await pilot.press("m")
        await until(pilot, lambda: isinstance(bench.app.screen, MetricsScreen))
        options = bench.app.screen.query_one("#metrics", OptionList)
        width = options.scrollable_content_region.width
        await until(pilot, lambda: all(option.prompt.cell_len <= width for option in options.options))
        for option in options.options:
            metric = words_of(str(option.id))
            shown = option.prompt.plain.removesuffix("…").split()
            assert set(shown[1:]) <= {*metric.title.split(), *metric.description.split(), "–"}, shown
        about = bench.app.screen.query_one("#metric-about", Static)
        for place in range(options.option_count):
            options.highlighted = place
            await pilot.pause()
            lines = textwrap.wrap(str(about.render()), about.size.width)
            assert len(lines) <= about.size.height


async def test_a_measure_is_plotted_beside_the_reward_until_the_user_chooses() -> None:
    async with opened(size=(120, 40)) as (bench, pilot):
        bench.worker.build(measure=("prefix",))
        bench.worker.train(100, metrics=with_further)
        await until(pilot, lambda: bench.app.main.query_one("#plot-2", Plot).border_title == "prefix (measure)")
        await until(pilot, lambda: "┤" in words(bench, "#plot-2"))
        assert len(bench.app.main.query(Plot)) == len(USUAL_METRICS)
        bench.app.state.view = bench.app.state.view.choosing(("reward_mean", "entropy"))
        assert bench.app.state.plots.shown == ("reward_mean", "entropy")


async def test_the_cursor_reads_all_plots_at_one_step() -> None:
    async with opened(size=(120, 40)) as (bench, pilot):
        bench.worker.build()
        bench.worker.train(100)
        await until(pilot, lambda: "┤" in words(bench, "#plot-1"))
        await pilot.press("c")
        await until(pilot, lambda: "step 100" in subtitle(bench, 1))
        await pilot.press("left")
        await until(pilot, lambda: "step 99" in subtitle(bench, 1))
        assert f"step 99: {curve(99)['entropy']:.4g}" in subtitle(bench, 2)
        assert f"step 99: {curve(99)['cross_entropy']:.4g}" in subtitle(bench, 3)
        await pilot.press("c")
        await until(pilot, lambda: "step 99" not in subtitle(bench, 1))


async def test_a_click_reads_the_step_under_it() -> None:
    async with opened(size=(120, 40)) as (bench, pilot):
        bench.worker.build()
        bench.worker.train(100)
        await until(pilot, lambda: "┤" in words(bench, "#plot-1"))
        ruler, labels = words(bench, "#plot-1").split("\n")[-2:]
        place = labels.index("40")
        tick = min((x for x, sign in enumerate(ruler) if sign == "┴"), key=lambda x: abs(x - place))
        await pilot.click("#plot-1", offset=(tick + 1, 3))
        await until(pilot, lambda: bench.app.state.view.cursor is not None)
        assert abs(bench.app.state.view.cursor - 40) <= 1  # a cell is wider than a step


async def test_a_recent_part_has_its_own_axes() -> None:
    async with opened(size=(120, 40)) as (bench, pilot):
        bench.worker.build()
        bench.worker.train(400)
        await until(pilot, lambda: "┤" in words(bench, "#plot-2"))
        await pilot.press("z")
        await until(pilot, lambda: "last 200 steps" in subtitle(bench, 2))
        unit, *labels = words(bench, "#plot-1").split("\n")[-1].split()
        assert unit == "step"
        assert all(200 <= int(label) <= 400 for label in labels)
        assert "0.0" not in words(bench, "#plot-1").split("\n")[-3]
        await pilot.press("z", "z")
        await until(pilot, lambda: "last" not in subtitle(bench, 2))


async def test_a_logarithmic_scale_reports_values_that_it_cannot_show() -> None:
    async with opened(size=(120, 40)) as (bench, pilot):
        bench.app.state.view = PlotView(shown=("kl_update", "entropy"))
        bench.worker.build()
        bench.worker.train(50, metrics=with_further)
        await until(pilot, lambda: bench.app.main.query("#plot-2") and not bench.app.main.query("#plot-3"))
        await until(pilot, lambda: "┤" in words(bench, "#plot-1"))
        await pilot.press("l")
        await until(pilot, lambda: "1e-6" in words(bench, "#plot-1"))
        assert "1e-4" in words(bench, "#plot-1")
        bench.worker.train(51, after=50, metrics=lambda step: {**with_further(step), "kl_update": 0.0})
        await until(pilot, lambda: "1 at or below 0 not shown" in subtitle(bench, 1))


async def test_the_scale_belongs_to_one_plot_and_some_plots_have_only_one() -> None:
    async with opened(size=(120, 40)) as (bench, pilot):
        bench.app.state.view = PlotView(shown=("rewards", "entropy", "cross_entropy"))
        bench.worker.build()
        bench.worker.train(50)
        await until(pilot, lambda: bench.app.main.query("RewardHistogram#plot-1"))
        await until(pilot, lambda: bench.app.main.query("#plot-3") and "┤" in words(bench, "#plot-3"))
        await pilot.press("l")
        assert bench.app.state.view.logarithmic == frozenset()
        bench.app.main.query_one("#plot-3", Plot).focus()
        await pilot.press("l")
        assert bench.app.state.view.logarithmic == frozenset({"cross_entropy"})
        await until(pilot, lambda: "log scale" in subtitle(bench, 3))
        assert "log scale" not in subtitle(bench, 2)


async def test_smoothing_keeps_the_raw_line() -> None:
    async with opened(size=(120, 40)) as (bench, pilot):
        bench.worker.build()
        bench.worker.train(100, metrics=lambda step: {**curve(step), "entropy": math.sin(step) + 2})
        plot = bench.app.main.query_one("#plot-2", Plot)
        await until(pilot, lambda: "┤" in str(plot.render()))
        pens = {str(span.style) for span in plot.render().spans}
        await pilot.press("v", "s")
        await until(pilot, lambda: "mean of 5 steps" in subtitle(bench, 2))
        await until(pilot, lambda: len({str(span.style) for span in plot.render().spans}) == len(pens) + 1)


async def test_changes_are_marked_live_and_in_a_resumed_run() -> None:
    with RunStore.create(make_config({}), "kept") as store:
        for step in range(1, 31):
            store.record(snapshot(step).report)
        store.change_event(12, {"lr": 0.01})
        store.event(14, "threads", ("event.threads_shared", {"before": 1, "after": 2}))
    async with opened(size=(120, 40)) as (bench, pilot):
        bench.worker.build("training", run="kept", step=20)
        await until(pilot, lambda: "┊ resumed" in subtitle(bench, 1))
        assert "┊" in words(bench, "#plot-1")
        bench.worker.train(40, after=20)
        bench.worker.tell(Changed(settings=Changes(entropy=0.2), step=40))
        await until(pilot, lambda: "┊ entropy 0.2" in subtitle(bench, 1))
        marks = [(mark.step, mark.words) for mark in bench.app.state.history.marks]
        assert marks == [(12, "lr 0.01"), (20, "resumed"), (40, "entropy 0.2")]


async def test_any_panel_can_fill_the_screen() -> None:
    async with opened(size=(120, 40)) as (bench, pilot):
        bench.worker.build()
        bench.worker.train(100)
        await until(pilot, lambda: "┤" in words(bench, "#plot-1"))
        for name in ("plot-2", "samples"):
            panel = bench.app.main.query_one(f"#{name}")
            small = panel.size
            panel.focus()
            await pilot.press("b")
            await until(pilot, lambda panel=panel: panel.size.width > 110 and panel.size.height > 28)
            await pilot.press("escape")
            await until(pilot, lambda panel=panel, small=small: panel.size == small)
        await pilot.press("escape", "b")
        await until(pilot, lambda: bench.app.main.query_one("#plot-1").size.width > 110)


async def test_a_legend_that_is_too_long_keeps_its_end() -> None:
    async with opened(size=(80, 24)) as (bench, pilot):
        bench.worker.build()
        bench.worker.train(100)
        await until(pilot, lambda: "┤" in words(bench, "#plot-1"))
        edge = bench.app.main.query_one("#plot-1").region.bottom - 1

        def legend() -> str:
            return bench.app.screen._compositor.render_strips()[edge].text

        await pilot.press("v", "s")
        await until(pilot, lambda: "mean of 5 steps  ─" in legend())
        await pilot.press("z")
        await until(pilot, lambda: "▪ greedy  mean of 5 steps  last 50 steps" in legend())
        assert "…" not in legend()
