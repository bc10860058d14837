"""F1 on anything: every panel of every screen has an explanation, and every explanation has its panel."""

from __future__ import annotations

import pytest
from textual.containers import ScrollableContainer
from textual.widget import Widget
from textual.widgets import Static

from pgplay.app.help.explanations import PANELS
from pgplay.app.help.helpable import explanation_of, page_keys
from pgplay.app.screens.dialogs.help import HelpScreen
from pgplay.app.widgets.plots.curve import Plot
from pgplay.app.widgets.setup.field_row import Setting
from pgplay.app.widgets.two_column_text import TwoColumnText
from pgplay.learning.reports.metrics import METRICS, REWARD_METRIC
from pgplay.learning.reports.signals import JUDGED
from tests.app.fake_worker import Bench, begin, until
from tests.app.screens import OPENINGS, go_to, prepare

SIZE = (200, 50)


def asked_about(widget: Widget) -> bool:
    """Whether a user may ask about this widget: it can have the focus, or it shows something and has a name."""
    shows = isinstance(widget, Static | ScrollableContainer) or not widget.children
    return widget.focusable or bool(widget.has_class("panel") or (widget.id and shows))


@pytest.mark.exhaustive
async def test_f1_explains_the_focus_on_every_screen_and_every_panel() -> None:
    bench = Bench()
    silent, named = [], set()
    async with bench.app.run_test(size=SIZE) as pilot:
        await prepare(bench, pilot)
        for name in OPENINGS:
            screen = await go_to(name, bench, pilot)
            widgets = list(screen.query(Widget))
            named |= {widget.id for widget in widgets}
            shown = [widget for widget in widgets if widget.display and widget.region and asked_about(widget)]
            assert shown
            silent += [f"{name}: {widget}" for widget in shown if explanation_of([widget]) is None]
            if name != "help":
                await pilot.press("f1")
            await until(pilot, lambda: isinstance(bench.app.screen, HelpScreen))
            if screen.focused is not None and name != "help":
                assert bench.app.screen.query("#about")
            while bench.app.screen is not bench.app.main:
                await bench.app.pop_screen()
    assert silent == []
    assert set(PANELS) - named == set()


@pytest.mark.exhaustive
async def test_keys_here_are_the_pages_own_without_those_that_every_list_and_field_has() -> None:
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await prepare(bench, pilot)
        for name in OPENINGS:
            found = page_keys(await go_to(name, bench, pilot))
            keys = [key.words for key in found]
            names = [each for key in found for each in key.keys.split(", ")]
            assert len(names) == len(set(names)), "del is shown once, though the keypad's is another key"
            if name in ("side-by-side", "phases"):
                assert all(" " in words or words in ("back", "filter", "previous") for words in keys), keys
            textuals = {"Up", "Down", "Select", "Page Up", "Scroll Down", "Move cursor left", "Select all"}
            assert not textuals & set(keys)
            assert ("next stage" in keys) == (name == "phases")
            while bench.app.screen is not bench.app.main:
                await bench.app.pop_screen()


@pytest.mark.exhaustive
async def test_a_setting_is_explained_in_whole_sentences() -> None:
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await begin(bench, pilot)
        await bench.app.main.setup.open_setting("kl")
        lines = bench.app.main.query_one("#setting-kl", Setting).explain().words.splitlines()
        assert lines[-2:] == ["From 0 to 100.", "Can be changed while training."]
        assert lines[-3].startswith("Weight of the KL penalty")


@pytest.mark.exhaustive
async def test_each_number_of_a_panel_is_explained_with_its_unit_and_meaning() -> None:
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await prepare(bench, pilot)
        for plot in bench.app.main.query(Plot):
            metric = METRICS[plot.metric]
            words = plot.explain().words.lower()
            assert metric.description.lower() in words
            assert metric.unit in words
        assert "greedy completion" in bench.app.main.query_one("#plot-1", Plot).explain().words
        assert bench.app.main.query_one("#plot-1", Plot).metric == REWARD_METRIC
        health = explanation_of([bench.app.main.query_one("#health")])
        assert health is not None
        assert all(METRICS[name].description in health.words for name in JUDGED)


async def test_the_help_page_opens_the_glossary_and_spells_its_formulas_in_ascii() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(80, 24)) as pilot:
        await begin(bench, pilot)
        for ascii in (False, True):
            bench.app.state.ascii = ascii
            await pilot.press("f1")
            await until(pilot, lambda: isinstance(bench.app.screen, HelpScreen) and bench.app.screen.query("#glossary"))
            glossary = bench.app.screen.query_one("#glossary", TwoColumnText)
            await until(pilot, lambda shown=glossary: shown.region.height > 0)
            assert glossary.region.y > 24
            await pilot.press("g")
            await until(pilot, lambda shown=glossary: 0 < shown.region.y < 5)
            assert ("A = R - b" if ascii else "A = R − b, or A = (R − b) / σ") in glossary.plain
            await pilot.press("escape")
