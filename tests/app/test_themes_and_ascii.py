"""Every screen in ASCII, and in another theme chosen while it is open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rich.segment import Segment
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from pgplay.app import themes
from pgplay.app.drawing.ascii import spelled, to_ascii
from pgplay.app.stored_runs.overlay import MARKERS
from tests.app.fake_worker import Bench, until
from tests.app.screens import OPENINGS, go_to, prepare

SIZE = (120, 36)


def _drawn(bench: Bench) -> Iterator[Segment]:
    return (segment for strip in bench.app.screen._compositor.render_strips() for segment in strip)


def _colours(bench: Bench) -> dict[str, str]:
    """Return the colours of all text, each with an example of that colour."""
    return {
        segment.style.color.name: segment.text
        for segment in _drawn(bench)
        if segment.style is not None and segment.style.color is not None and segment.text.strip()
    }


@pytest.mark.matrix
@pytest.mark.parametrize("name", OPENINGS)
async def test_an_open_screen_takes_another_theme_and_ascii(name: str) -> None:
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await prepare(bench, pilot)
        screen = await go_to(name, bench, pilot)
        dark = _colours(bench)
        bench.app.theme = themes.LIGHT.name
        await until(pilot, lambda: not dark.keys() & _colours(bench).keys())
        bench.app.controllers.shell.toggle_ascii()
        await until(pilot, lambda: all(segment.text.isascii() for segment in _drawn(bench)))
        assert bench.app.screen is screen
        while bench.app.screen is not bench.app.main:
            await bench.app.pop_screen()
        await until(pilot, lambda: all(segment.text.isascii() for segment in _drawn(bench)))


KNOWN = [theme for theme in (*themes.THEMES, *BUILTIN_THEMES.values()) if not theme.name.startswith("ansi")]
"""Every theme with colours of its own instead of the terminal's."""


@pytest.mark.parametrize("theme", KNOWN, ids=lambda theme: theme.name)
def test_text_is_legible_in_every_theme(theme: Theme) -> None:
    variables = themes.completed(theme, {**theme.to_color_system().generate(), **theme.variables})

    def contrast(ink: str, ground: str) -> float:
        return themes.contrast(Color.parse(variables[ink]), Color.parse(variables[ground]))

    for ground, least in (("background", 4.5), ("surface", 4.5), ("panel", 3.0)):
        inks = ("foreground", "muted", "primary", "secondary", "success", "warning", "error")
        assert {ink for ink in inks if contrast(ink, ground) < least} == set(), ground
        runs = [f"run-{slot}" for slot in range(8)]
        assert {run for run in runs if contrast(run, ground) < 3} == set(), ground
    for line in ("band", "faint"):
        assert contrast(line, "background") > 1.3
    assert contrast("footer-key-foreground", "footer-background") >= 4.5


async def test_the_app_draws_other_themes_legibly_and_its_own_unchanged() -> None:
    bench = Bench()
    async with bench.app.run_test(size=SIZE):
        assert bench.app.get_css_variables()["success"].lower() == themes.DARK.success
        bench.app.theme = "textual-light"
        drawn = bench.app.get_css_variables()
        assert themes.contrast(Color.parse(drawn["warning"]), Color.parse(drawn["background"])) >= 4.5
        bench.app.theme = "ansi-dark"
        assert bench.app.get_css_variables()["muted"] == themes.DARK.variables["muted"]


def test_formulas_are_spelled_out_but_user_text_is_not() -> None:
    assert spelled("log π(x) = Σ_t log π(x_t | …)") == "log pi(x) = sum_t log pi(x_t | ...)"
    assert to_ascii("λόγος, été, 月, 🌕") == "λόγος, été, 月, 🌕"


def test_runs_side_by_side_are_told_apart_in_ascii() -> None:
    assert len(set(map(to_ascii, MARKERS))) == len(MARKERS)
