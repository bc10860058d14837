"""Keys are commands, except while a person types."""

from __future__ import annotations

import pytest
from textual.widgets import Input, TextArea

from pgplay.app.actions import ACTIONS, CONTROLLER_OF
from pgplay.app.app import PgplayApp
from pgplay.app.screens.dialogs.help import HelpScreen
from pgplay.app.screens.step.microscope import MicroscopeScreen
from pgplay.app.widgets.two_column_text import TwoColumnText
from pgplay.config.run_config import make_config
from pgplay.worker.protocol.commands import Start
from tests.app.fake_worker import Bench, begin, until, words


@pytest.mark.parametrize("reward", ["levenshtein", "0.8*levenshtein + 0.2*prefix"])
async def test_nothing_has_the_focus_at_start(reward: str) -> None:
    bench = Bench(make_config({"reward": reward}))
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("space")
        assert bench.app.focused is None
        assert len(bench.sent(Start)) == 1


async def test_letters_and_spaces_typed_into_the_target_are_text() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        target = bench.app.main.query_one("#target", TextArea)
        target.focus()
        await pilot.press("end", "space", "s", "x", "q", "enter", "d")
        assert target.text == "hello world sxq\nd"
        assert bench.worker.commands == []
        await pilot.press("escape")
        assert bench.app.focused is None
        await pilot.press("space")
        assert len(bench.sent(Start)) == 1


async def test_letters_typed_into_a_dialog_are_text() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.train(3)
        await until(pilot, lambda: bench.app.state.step == 3)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bench.app.screen.query("#answer"))
        await pilot.press("end", "space", "x", "s")
        assert bench.app.screen.query_one("#answer", Input).value == "hello-world xs"
        assert bench.worker.commands == []


async def test_space_on_a_closed_list_still_starts() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.app.main.query_one("#model").focus()
        await pilot.press("space")
        assert len(bench.sent(Start)) == 1


def test_every_action_of_the_registry_is_there_with_a_key_of_its_own() -> None:
    controllers = Bench().app.controllers
    for action in ACTIONS:
        if action.name == "quit":  # Textual's own
            assert callable(PgplayApp.action_quit)
        else:
            assert callable(getattr(getattr(controllers, CONTROLLER_OF[action.name]), action.name))
    assert set(CONTROLLER_OF) == {action.name for action in ACTIONS} - {"quit"}
    assert len({action.key for action in ACTIONS}) == len(ACTIONS)


async def test_help_names_every_key() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 60)) as pilot:
        await begin(bench, pilot)
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(bench.app.screen, HelpScreen))
        shown = " ".join(" ".join(rows.plain.split()) for rows in bench.app.screen.query(TwoColumnText))
        for action in ACTIONS:
            assert action.help.split(";")[0][:20] in shown
        await pilot.press("escape")
        assert bench.app.screen is bench.app.main


async def test_the_line_of_keys_says_what_space_would_do_and_can_be_clicked() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(80, 24)) as pilot:
        await begin(bench, pilot)
        assert words(bench, "#keys").startswith("space start")
        await pilot.click("#keys", offset=(3, 0))
        await until(pilot, lambda: bench.sent(Start))
        bench.worker.build("training")
        await until(pilot, lambda: words(bench, "#keys").startswith("space pause"))


async def test_d_changes_between_dark_and_light() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(80, 24)) as pilot:
        await begin(bench, pilot)
        assert bench.app.current_theme.dark
        await pilot.press("d")
        assert not bench.app.current_theme.dark


async def test_the_palette_holds_every_key_of_the_page_that_it_is_opened_on() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        titles = [command.title for command in bench.app.get_system_commands(bench.app.screen)]
        assert sorted(titles) == sorted(
            [*(action.title.capitalize() for action in ACTIONS if action.name != "unfocus"), "Theme", "ASCII"]
        )
        bench.worker.build("paused")
        bench.worker.train(3)
        await until(pilot, lambda: bench.app.state.step == 3)
        await pilot.press("k")
        await until(pilot, lambda: isinstance(bench.app.screen, MicroscopeScreen))
        page = {command.title: command for command in bench.app.get_system_commands(bench.app.screen)}
        for title in ("Next step", "Sort", "Find", "Earlier", "Later", "Full size", "Back"):
            assert title in page
        bench.app.call_later(page["Find"].callback)
        await until(pilot, lambda: isinstance(bench.app.focused, Input))
