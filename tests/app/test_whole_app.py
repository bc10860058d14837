"""Features of the whole app: jumping, F1, ASCII, themes, and the restored session."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pgplay.app import app as app_module
from pgplay.app import themes
from pgplay.app.drawing.ascii import to_ascii
from pgplay.app.launch import AppStart, as_left, run_app
from pgplay.app.screens.dialogs.help import HelpScreen
from pgplay.app.screens.dialogs.jump import JumpScreen, Letter
from pgplay.app.screens.library.time_travel import TravelScreen
from pgplay.app.state.saved_state import NOTHING, SavedUiState, load_saved_state
from pgplay.app.widgets.plots.curve import Plot
from pgplay.app.widgets.two_column_text import TwoColumnText
from pgplay.config.run_config import make_config
from tests.app.fake_worker import Bench, begin, until
from tests.app.stored_runs import store_run

SIZE = (120, 36)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("size", [(60, 18), (120, 36)])
async def test_two_keys_jump_to_any_panel(size: tuple[int, int]) -> None:
    bench = Bench()
    async with bench.app.run_test(size=size) as pilot:
        await begin(bench, pilot)
        await pilot.press("full_stop")
        await until(pilot, lambda: isinstance(bench.app.screen, JumpScreen) and bench.app.screen.query(Letter))
        places = {(letter.region.x, letter.region.y) for letter in bench.app.screen.query(Letter)}
        assert len(places) == len(bench.app.screen.query(Letter)) >= 3
        panels = dict(bench.app.screen._panels)  # type: ignore[attr-defined]
        await pilot.press("escape")
        for letter, panel in (next(iter(panels.items())), list(panels.items())[-1]):
            await pilot.press("full_stop")
            await until(pilot, lambda: isinstance(bench.app.screen, JumpScreen))
            await pilot.press(letter)
            await until(pilot, lambda: bench.app.screen is bench.app.main)
            assert bench.app.main.focused is not None
            assert panel in bench.app.main.focused.ancestors_with_self
            await pilot.press("escape")


@pytest.mark.exhaustive
async def test_f1_explains_the_focus_or_what_is_under_the_mouse() -> None:
    store_run("mine", 20, checkpoints=())
    bench = Bench()

    def about() -> str:
        return " ".join(bench.app.screen.query_one("#about", TwoColumnText).plain.split())

    async with bench.app.run_test(size=SIZE) as pilot:
        await begin(bench, pilot)
        bench.app.main.query(Plot).first().focus()
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(bench.app.screen, HelpScreen))
        assert "Mean reward of this step's completions" in about()
        await pilot.press("escape", "escape")
        await pilot.hover("#status")
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(bench.app.screen, HelpScreen))
        assert "estimated time left" in about()
        await pilot.press("escape")
        await bench.app.main.setup.open_setting("seed")
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(bench.app.screen, HelpScreen))
        assert "seed of all random numbers" in about()
        assert "same seed and settings → same run" in about()
        assert "a single run can be lucky" in about()
        assert "Takes effect at the next start." in about()
        await pilot.press("escape", "escape", "u")
        await until(pilot, lambda: bench.app.screen.query("DataTable"))
        await pilot.press("h")
        await until(pilot, lambda: isinstance(bench.app.screen, TravelScreen))
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(bench.app.screen, HelpScreen))
        assert "between checkpoints" in about()


def test_symbols_become_ascii_of_the_same_width_and_other_scripts_stay() -> None:
    assert to_ascii("│ ⣀⡠⠤⠒⠉ ╰┴─") == "| ,,.-' ++-"
    assert to_ascii("░●▪ ▲ 月") == ":** ^ 月"
    assert to_ascii("⡇⠀") == "| "


async def test_the_whole_screen_is_drawn_in_ascii_and_back() -> None:
    bench = Bench()

    def drawn() -> str:
        strips = bench.app.screen._compositor.render_strips()
        return "".join(segment.text for strip in strips for segment in strip)

    async with bench.app.run_test(size=SIZE) as pilot:
        await begin(bench, pilot)
        bench.worker.build()
        bench.worker.train(50)
        await until(pilot, lambda: any("\u2800" < sign < "\u28ff" for sign in drawn()))
        bench.app.controllers.shell.toggle_ascii()
        await pilot.pause()
        assert [sign for sign in drawn() if not sign.isascii()] == []
        bench.app.controllers.shell.toggle_ascii()
        await pilot.pause()
        assert any("\u2800" < sign < "\u28ff" for sign in drawn())


async def test_the_last_session_is_restored(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    bench = Bench(make_config({"target": "good day", "lr": 0.01}))
    async with bench.app.run_test(size=SIZE) as pilot:
        await begin(bench, pilot)
        await pilot.press("v", "t", "v", "s")
        bench.app.controllers.shell.toggle_ascii()
        await pilot.press("ctrl+q")
    memory, problems, _ = load_saved_state()
    assert not problems
    assert (memory.theme, memory.ascii, memory.smoothing) == (themes.LIGHT.name, True, 5)
    assert memory.settings == {"target": "good day", "lr": 0.01}
    started: list[app_module.PgplayApp] = []
    monkeypatch.setattr(app_module.PgplayApp, "run", lambda app: started.append(app))
    run_app(as_left())
    run_app(AppStart(make_config({"target": "mine"})))
    again, asked = started
    assert again.state.settings == {"target": "good day", "lr": 0.01}
    assert asked.state.settings == {"target": "mine"}
    for app in started:
        assert (app.theme, app.state.ascii, app.state.view.smoothing) == (themes.LIGHT.name, True, 5)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("kept", ["", "{", "[]", json.dumps({"theme": 7}), json.dumps({"settings": {"lr": "fast"}})])
def test_an_unreadable_session_counts_as_none(
    kept: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    (home / "app.json").write_text(kept)
    started: list[app_module.PgplayApp] = []
    monkeypatch.setattr(app_module.PgplayApp, "run", lambda app: started.append(app))
    run_app(as_left())
    assert started[0].state.settings == {}
    assert load_saved_state().memory in (NOTHING, SavedUiState(settings={"lr": "fast"}))


async def test_invalid_parts_of_a_session_are_reported_and_set_aside_and_the_rest_is_restored(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    kept = json.dumps({
        "theme": "solarised", "them": "pgplay-light", "smoothing": 7, "shown": ["entropy", "enthalpy"], "ascii": "yes",
        "logarithmic": ["entropy"], "settings": {"lr": "fast"},
    })  # fmt: skip
    (home / "app.json").write_text(kept)
    started: list[app_module.PgplayApp] = []
    monkeypatch.setattr(app_module.PgplayApp, "run", lambda app: started.append(app))
    run_app(as_left())
    bench = Bench()
    bench.app = started[0]
    bench.app._connect = bench._connect
    async with bench.app.run_test(size=SIZE, notifications=True) as pilot:
        await until(pilot, lambda: bench.app.screen.query("Toast"))
        words = " ".join(str(bench.app.screen.query_one("Toast").render()).split())
        assert bench.app.theme == themes.DARK.name
        assert bench.app.state.view.logarithmic == {"entropy"}
    for told in ('theme is "solarised", but must be: pgplay-dark', "no 'them'", "smoothing is 7", '"enthalpy"'):
        assert told in words
    for told in ("ascii: expected `bool`, got `str`", "settings: ", "kept as app.json.old"):
        assert told in words
    assert (home / "app.json.old").read_text() == kept


async def test_two_escapes_at_once_do_not_close_the_main_screen() -> None:
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await begin(bench, pilot)
        await pilot.press("i")
        await until(pilot, lambda: bench.app.screen is not bench.app.main)
        page = bench.app.screen
        page.call_later(page.action_dismiss)
        page.call_later(page.action_dismiss)  # the second escape reaches the page before it has closed
        await until(pilot, lambda: bench.app.screen is bench.app.main)
        await pilot.pause()
        assert bench.app.is_running
        assert bench.app.screen is bench.app.main


@pytest.mark.exhaustive
async def test_every_theme_can_be_chosen_and_the_key_cycles_through_pgplays_own() -> None:
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await begin(bench, pilot)
        seen = [bench.app.theme]
        for _ in themes.THEMES:
            await pilot.press("v", "t")
            seen.append(bench.app.theme)
        assert seen == [theme.name for theme in (*themes.THEMES, themes.DARK)]
        bench.app.theme = "textual-light"  # it lacks the variables that pgplay's styles need beyond Textual's
        await pilot.pause()
