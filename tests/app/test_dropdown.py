"""A dropdown: opened, searched and left by keys and by the mouse, and what it posts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from pgplay.app.widgets.dropdown import Dropdown, Entry
from tests.app.fake_worker import until

ENTRIES = [
    Entry("a", "apple", "a fruit"),
    Entry("p", "pear", "another fruit"),
    Entry("o", "oak", "a tree", disabled=True),
    Entry("g", "grape", "grows on vines", brief="grape of the moment"),
]


class Orchard(App[None]):
    CSS = "Dropdown { height: 1; } EntryList { overlay: screen; offset: 0 1; width: 40; height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self.posted: list[str | None] = []

    def compose(self) -> ComposeResult:
        yield Dropdown(ENTRIES, "p", id="fruit", prompt="none")
        yield Input()

    def on_dropdown_changed(self, event: Dropdown.Changed) -> None:
        self.posted.append(event.value)

    @property
    def fruit(self) -> Dropdown:
        return self.query_one("#fruit", Dropdown)

    @property
    def lists(self) -> Iterator[OptionList]:
        return iter(self.query(OptionList))


async def opened(app: Orchard, pilot: Pilot[None], key: str = "enter") -> OptionList:
    app.fruit.focus()
    await pilot.press(key)
    await until(pilot, lambda: any(app.lists) and app.focused is next(app.lists))
    return next(app.lists)


@pytest.mark.parametrize("key", ["enter", "down", "up"])
async def test_a_key_opens_the_list_at_the_chosen_entry(key: str) -> None:
    app = Orchard()
    async with app.run_test() as pilot:
        assert (await opened(app, pilot, key)).highlighted == 1


async def test_enter_chooses_and_goes_back_to_the_closed_dropdown() -> None:
    app = Orchard()
    async with app.run_test() as pilot:
        await opened(app, pilot)
        await pilot.press("down", "enter")  # the disabled entry is passed over
        await until(pilot, lambda: not any(app.lists) and app.focused is app.fruit)
        assert (app.fruit.value, app.posted) == ("g", ["g"])
        assert app.fruit.render().plain.startswith("grape of the moment")


@pytest.mark.parametrize("way", ["escape", "tab", "shift+tab", "a click elsewhere", "a click on it"])
async def test_it_is_left_without_a_choice(way: str) -> None:
    app = Orchard()
    async with app.run_test() as pilot:
        await opened(app, pilot)
        if way == "a click elsewhere":
            await pilot.click(Input, offset=(60, 1))
        elif way == "a click on it":
            await pilot.click(Dropdown)
        else:
            await pilot.press(way)
        await until(pilot, lambda: not any(app.lists) and not app.fruit.is_open)
        assert (app.fruit.value, app.posted) == ("p", [])


async def test_letters_lead_to_the_entry_with_them_soonest_in_its_label() -> None:
    app = Orchard()
    async with app.run_test() as pilot:
        entries = await opened(app, pilot)
        await pilot.press("a", "p")
        assert entries.highlighted == 0
        await pilot.press("e")  # 'ape' is in grape alone
        assert entries.highlighted == 3
        await pilot.press("z")  # nothing has it
        assert entries.highlighted == 3


async def test_only_a_choice_is_posted_and_an_unknown_value_clears_it() -> None:
    app = Orchard()
    async with app.run_test() as pilot:
        app.fruit.choose("a")
        app.fruit.choose("of Babel")
        app.fruit.show_entries(ENTRIES[:2], "a")
        app.fruit.choose("nothing")
        await pilot.pause()
        assert (app.fruit.value, app.posted) == (None, [])
        assert app.fruit.render().plain.startswith("none")
        with pytest.raises(ValueError, match="of Babel"):
            app.fruit.value = "of Babel"


async def test_entries_that_change_while_it_is_open_are_shown() -> None:
    app = Orchard()
    async with app.run_test() as pilot:
        entries = await opened(app, pilot)
        app.fruit.show_entries([*ENTRIES, Entry("k", "kiwi")], "k")
        assert (entries.option_count, entries.highlighted) == (5, 4)
        await pilot.press("enter")
        await until(pilot, lambda: not any(app.lists))
        assert (app.fruit.value, app.posted) == ("k", [])
