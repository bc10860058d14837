"""Keys are commands, except while the user types."""

from __future__ import annotations

import asyncio

import pytest
from textual.events import Key, Paste
from textual.widgets import Input, Static, TextArea

from pgplay.app.actions import ACTIONS, CONTROLLER_OF, LINE_OF_KEYS, NOT_IN_THE_PALETTE
from pgplay.app.screens.dialogs.help import HelpScreen
from pgplay.app.screens.dialogs.questions import AskDialog, ConfirmDialog
from pgplay.app.screens.dialogs.view import ViewPanel
from pgplay.app.screens.library.policies import Library
from pgplay.app.screens.step.microscope import MicroscopeScreen
from pgplay.app.screens.step.policy_map import MapScreen
from pgplay.app.widgets.two_column_text import TwoColumnText
from pgplay.config.run_config import make_config
from pgplay.worker.protocol.commands import Start, Step
from tests.app.fake_worker import Bench, begin, opened, until, words
from tests.app.stored_runs import store_run


@pytest.mark.matrix(whole_in_ci=True)
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


def type_at_once(bench: Bench, *keys: str) -> None:
    """Press keys without waiting for their effects."""
    for key in keys:
        bench.app.post_message(Key(key, key if len(key) == 1 else None))


BURSTS = {
    "a dialog": (("g",), "step 500", "#answer"),
    "a dialog over a dialog": (("y", "f"), "mine.txt", "#answer"),
    "the palette": (("ctrl+p",), "dark", "CommandInput"),
    "a page's filter": (("u", "slash"), "note", "#filter"),
}
"""The key that opens a field, the text typed right after it, and the field."""


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("name", BURSTS)
async def test_letters_typed_right_after_the_key_that_opens_a_field_go_into_it(name: str) -> None:
    keys, text, selector = BURSTS[name]
    store_run("a-run")
    async with opened() as (bench, pilot):
        bench.worker.build("paused")
        await until(pilot, lambda: bench.app.state.run == "paused")
        type_at_once(bench, *keys, *text)
        await until(pilot, lambda: bench.app.screen.query(selector))
        await until(pilot, lambda: bench.app.screen.query_one(selector, Input).value == text)
        await pilot.press("z")
        assert bench.app.screen.query_one(selector, Input).value == f"{text}z"
        assert bench.worker.commands == []


class Slow(AskDialog):
    """A dialog that takes long to be laid out."""

    def __init__(self) -> None:
        super().__init__("Slow", "What?")
        self.gate = asyncio.Event()

    async def on_mount(self) -> None:
        await self.gate.wait()


async def test_letters_typed_while_a_dialog_is_laid_out_wait_for_it() -> None:
    async with opened() as (bench, pilot):
        dialog, answers = Slow(), []
        bench.app.push_screen(dialog, answers.append)
        type_at_once(bench, "s", "x", "q")
        bench.app.post_message(Paste("pasted"))
        type_at_once(bench, "enter")
        await asyncio.sleep(0)
        assert bench.app.screen is dialog
        dialog.gate.set()
        await until(pilot, lambda: answers)
        assert answers == ["sxqpasted"]
        assert bench.worker.commands == []


async def test_a_goal_typed_in_one_burst_with_its_key_and_enter_is_accepted() -> None:
    async with opened() as (bench, pilot):
        bench.worker.build("paused")
        await until(pilot, lambda: bench.app.state.run == "paused")
        type_at_once(bench, "g")
        bench.app.post_message(Paste("step 50"))
        type_at_once(bench, "0", "enter")
        await until(pilot, lambda: bench.sent(Step))
        assert bench.sent(Step)[-1].count == 500


async def test_space_on_a_closed_list_still_starts() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.app.main.query_one("#model").focus()
        await pilot.press("space")
        assert len(bench.sent(Start)) == 1


def test_every_action_of_the_registry_exists_and_has_its_own_key() -> None:
    controllers = Bench().app.controllers
    for action in ACTIONS:
        assert callable(getattr(getattr(controllers, CONTROLLER_OF[action.name]), action.name))
        assert action.keys
    assert set(CONTROLLER_OF) == {action.name for action in ACTIONS}
    for keys in ([action.key for action in ACTIONS if action.key], [one.view_key for one in ACTIONS if one.view_key]):
        assert len(set(keys)) == len(keys)


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


async def test_the_line_of_keys_says_what_space_does_and_can_be_clicked() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(80, 24)) as pilot:
        await begin(bench, pilot)
        assert words(bench, "#keys").startswith("space start")
        await pilot.click("#keys", offset=(3, 0))
        await until(pilot, lambda: bench.sent(Start))
        bench.worker.build("training")
        await until(pilot, lambda: words(bench, "#keys").startswith("space pause"))


@pytest.mark.matrix
@pytest.mark.parametrize("run", LINE_OF_KEYS)
@pytest.mark.parametrize("width", [60, 80, 120, 200])
async def test_the_line_of_keys_fits_and_always_shows_help_the_palette_and_quit(run: str, width: int) -> None:
    async with opened(size=(width, 24)) as (bench, pilot):
        bench.app.state.run = run  # type: ignore[assignment]
        bench.app.redraw()
        await pilot.pause()
        line = words(bench, "#keys")
        assert line.endswith("? help   ^p search   q quit")
        assert len(line) == bench.app.main.query_one("#keys").content_size.width
        first, second = ({action.name: action for action in ACTIONS}[name] for name in LINE_OF_KEYS[run][:2])
        assert line.startswith(first.key_display)
        assert f"{second.key_display} {second.title}" in line or width < 80


async def test_the_view_panel_shows_its_keys_and_runs_the_next_one() -> None:
    async with opened(size=(80, 24)) as (bench, pilot):
        assert bench.app.current_theme.dark
        await pilot.press("v")
        await until(pilot, lambda: isinstance(bench.app.screen, ViewPanel))
        shown = str(bench.app.screen.query_one("#view-choices", Static).render())
        for action in ACTIONS:
            assert not action.view_key or f"{action.view_key}  {action.title}" in shown
        await pilot.press("t")
        await until(pilot, lambda: not bench.app.current_theme.dark)
        assert bench.app.screen is bench.app.main
        await pilot.press("v", "escape")
        await until(pilot, lambda: bench.app.screen is bench.app.main)
        await pilot.press("v", "x")  # not a choice: the panel closes, and not even the page's x does anything
        await until(pilot, lambda: bench.app.screen is bench.app.main)
        assert not bench.worker.commands


async def test_each_choice_of_the_view_panel_has_its_own_line_which_can_be_clicked() -> None:
    async with opened(size=(80, 24)) as (bench, pilot):
        await pilot.press("v")
        await until(pilot, lambda: isinstance(bench.app.screen, ViewPanel))
        choices = bench.app.screen.query_one("#view-choices", Static)
        names = [action.name for action in ACTIONS if action.view_key]
        assert choices.size.height == len(names)
        was = bench.app.state.ascii
        await pilot.click("#view-choices", offset=(1, names.index("toggle_ascii")))
        await until(pilot, lambda: bench.app.state.ascii is not was)


async def test_the_view_panel_of_a_page_has_the_keys_of_that_page() -> None:
    async with opened(size=(120, 36)) as (bench, pilot):
        bench.worker.build("paused")
        bench.worker.train(300)
        await until(pilot, lambda: bench.app.state.step == 300)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(bench.app.screen, MapScreen))
        page = bench.app.screen
        await pilot.press("v")
        await until(pilot, lambda: isinstance(bench.app.screen, ViewPanel))
        shown = str(bench.app.screen.query_one("#view-choices", Static).render())
        assert "z  zoom" in shown
        assert "b  full size" in shown
        assert "metrics" not in shown
        await pilot.press("b")
        await until(pilot, lambda: page.maximized is not None)


async def test_q_quits_at_once_or_asks_while_a_run_is_training() -> None:
    async with opened() as (bench, pilot):
        bench.worker.build("training")
        bench.worker.train(3)
        await until(pilot, lambda: bench.app.state.step == 3)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(bench.app.screen, ConfirmDialog))
        await pilot.press("n")
        await until(pilot, lambda: bench.app.screen is bench.app.main)
        assert bench.worker.alive
        await pilot.press("q", "y")
        await until(pilot, lambda: not bench.worker.alive)
    async with opened() as (bench, pilot):
        await pilot.press("q")
        await until(pilot, lambda: not bench.worker.alive)


async def test_q_quits_from_every_page() -> None:
    async with opened() as (bench, pilot):
        await pilot.press("o")
        await until(pilot, lambda: isinstance(bench.app.screen, Library))
        await pilot.press("q")
        await until(pilot, lambda: not bench.worker.alive)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("page", [(), ("i",)])
async def test_ctrl_c_quits_when_pressed_twice(page: tuple[str, ...]) -> None:
    async with opened() as (bench, pilot):
        await pilot.press(*page)
        await until(pilot, lambda: len(bench.app.screen_stack) == 1 + len(page))
        await pilot.press("ctrl+c")
        assert bench.worker.alive
        await pilot.press("ctrl+c")
        await until(pilot, lambda: not bench.worker.alive)


async def test_ctrl_c_copies_the_selection_instead_of_quitting() -> None:
    async with opened() as (bench, pilot):
        target = bench.app.main.query_one("#target", TextArea)
        target.focus()
        target.select_all()
        await pilot.press("ctrl+c", "ctrl+c")
        assert bench.app.clipboard == target.text
        assert bench.worker.alive


async def test_the_palette_has_every_key_of_the_page_that_it_is_opened_on() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        titles = {entry.line for entry in bench.app.palette_entries(bench.app.screen)}
        for action in ACTIONS:
            title = f"{action.title[:1].upper()}{action.title[1:]}"
            assert (title in titles) == (action.name not in NOT_IN_THE_PALETTE)
        bench.worker.build("paused")
        bench.worker.train(3)
        await until(pilot, lambda: bench.app.state.step == 3)
        await pilot.press("k")
        await until(pilot, lambda: isinstance(bench.app.screen, MicroscopeScreen))
        page = {entry.line: entry for entry in reversed(bench.app.palette_entries(bench.app.screen))}
        for title in ("Next step", "Sort", "Find", "Earlier", "Later", "Full size", "Back"):
            assert title in page
        bench.app.choose_from_palette(page["Find"])
        await until(pilot, lambda: isinstance(bench.app.focused, Input))
