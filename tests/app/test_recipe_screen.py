"""The recipe on the screen: the text to copy, save and paste back describes the run in the setup."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from textual.events import Paste
from textual.widgets import Input

from pgplay.app.screens.dialogs.questions import AskDialog
from pgplay.app.screens.dialogs.recipe import RecipeScreen
from pgplay.app.screens.dialogs.write import WriteScreen
from pgplay.config.changes import Changes
from pgplay.config.recipe import from_recipe
from pgplay.config.run_config import make_config
from pgplay.worker.protocol.events import Changed, StateChanged
from tests.app.fake_worker import Bench, begin, until

CONFIG = make_config({"target": "it's [/bold]", "algorithm": "rloo", "lr": 0.01})


async def test_the_copied_and_saved_recipe_is_the_run_of_the_setup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(CONFIG)
    copied: list[str] = []
    monkeypatch.setattr(bench.app, "copy_to_clipboard", copied.append)
    async with bench.app.run_test(size=(80, 24)) as pilot:
        await begin(bench, pilot)
        await pilot.press("y")
        await until(pilot, lambda: isinstance(bench.app.screen, RecipeScreen))
        await pilot.press("c", "p")
        recipe, command = copied
        assert from_recipe(recipe) == CONFIG
        assert shlex.split(command)[:2] == ["pgplay", "train"]
        assert "algorithm=rloo" in str(bench.app.screen.query_one("#recipe").render())
        await pilot.press("f")
        await until(pilot, lambda: isinstance(bench.app.screen, AskDialog))
        file = tmp_path / "mine.txt"
        bench.app.screen.query_one("#answer", Input).value = str(file)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(bench.app.screen, RecipeScreen))
        assert from_recipe(file.read_text()) == CONFIG


async def test_the_recipe_of_a_changed_run_is_not_its_whole_history() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.train(20)
        bench.worker.tell(Changed(step=20, settings=Changes(lr=0.02)))
        await pilot.press("y")
        await until(pilot, lambda: isinstance(bench.app.screen, RecipeScreen))
        told = bench.app.screen.query_one("#changed")
        await until(pilot, lambda: "Changed during the run: lr 0.02 after step 20." in str(told.render()))


async def test_a_pasted_recipe_fills_the_setup_and_a_wrong_one_says_why() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("y")
        await until(pilot, lambda: isinstance(bench.app.screen, RecipeScreen))
        pasted = bench.app.screen.query_one("#pasted", Input)
        pasted.focus()
        pasted.value = "lr=fast"
        await pilot.press("enter")
        assert "position 1" in str(bench.app.screen.query_one(".problem").render())
        pasted.value = "target=\"good day\" seed=4"
        await pilot.press("enter")
        await until(pilot, lambda: bench.app.state.settings == {"target": "good day", "seed": 4})
        assert bench.app.screen is bench.app.main


async def test_a_paste_while_the_page_opens_is_loaded_by_enter_and_the_clipboard_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench()
    copied: list[str] = []
    monkeypatch.setattr(bench.app, "copy_to_clipboard", copied.append)
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("y")
        await until(pilot, lambda: isinstance(bench.app.screen, RecipeScreen))
        bench.app.post_message(Paste('target="good day" seed=4\n'))
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: bench.app.state.settings == {"target": "good day", "seed": 4})
        assert not copied


async def test_a_paste_is_added_to_typed_text_and_ignored_by_a_page_without_a_field() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("y")
        await until(pilot, lambda: isinstance(bench.app.screen, RecipeScreen))
        pasted = bench.app.screen.query_one("#pasted", Input)
        pasted.value = "seed=4 "
        pasted.cursor_position = len(pasted.value)
        bench.app.post_message(Paste("lr=0.02\n"))
        await until(pilot, lambda: pasted.value == "seed=4 lr=0.02")
        await pilot.press("escape")
        await until(pilot, lambda: bench.app.screen is bench.app.main)
        bench.worker.build("paused")
        bench.worker.tell(StateChanged(state="paused", step=1))
        await pilot.press("w")
        await until(pilot, lambda: isinstance(bench.app.screen, WriteScreen))
        temperature = bench.app.screen.query_one("#temperature", Input)
        temperature.value = "0.7"
        bench.app.screen.query_one("#write").focus()
        bench.app.post_message(Paste("something else\n"))
        await pilot.pause()
        assert temperature.value == "0.7"
