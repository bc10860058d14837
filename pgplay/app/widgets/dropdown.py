"""A dropdown: one line when closed, a list with a description beside each entry when open."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text
from textual import events, on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive, var
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from pgplay.app.drawing.terminal_text import terminal_text

_SEARCH_PAUSE = 0.7
"""Seconds without a key after which typing in an open list begins a new search."""

_ARROW_WIDTH = 2


class Entry(NamedTuple):
    """An entry: value, label, description, and whether it is disabled.

    `brief` is shown in the closed dropdown instead of the label, if given.
    """

    value: str
    label: str
    description: str = ""
    disabled: bool = False
    brief: str = ""


class Dropdown(Widget, can_focus=True):
    """One value out of `entries`; the list is made when it opens, so that a closed dropdown is a single widget.

    Textual's Select is five widgets, and a dozen of them delay the app's start.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,down,up", "open", "Show the list", show=False)]

    value: var[str | None] = var(None, init=False)
    """The chosen value; None if nothing is chosen."""

    is_open: reactive[bool] = reactive(False, init=False)

    class Changed(Message):
        """Another value was chosen."""

        def __init__(self, dropdown: Dropdown, value: str | None) -> None:
            super().__init__()
            self.dropdown, self.value = dropdown, value

        @property
        def control(self) -> Dropdown:
            """The dropdown, for selectors."""
            return self.dropdown

    def __init__(self, entries: Iterable[Entry], value: str, *, id: str | None = None, prompt: str = "") -> None:
        """`prompt` is shown while nothing is chosen, as where `value` is not among the entries."""
        super().__init__(id=id)
        self.entries = tuple(entries)
        self.prompt = prompt
        self.set_reactive(Dropdown.value, self._listed(value))

    def _listed(self, value: str | None) -> str | None:
        return value if any(entry.value == value for entry in self.entries) else None

    def validate_value(self, value: str | None) -> str | None:
        """Refuse a value that is not listed; raises ValueError."""
        if value is not None and self._listed(value) is None:
            raise ValueError(f"{value!r} is not among the entries of {self.id}")
        return value

    def watch_value(self, value: str | None) -> None:
        """Show the value, and post it."""
        self.refresh()
        self.post_message(self.Changed(self, value))

    def show_entries(self, entries: Iterable[Entry], value: str) -> None:
        """Replace the entries and choose `value`, without posting a message."""
        entries = tuple(entries)
        if entries == self.entries and value == self.value:
            return
        self.entries = entries
        self.choose(value)
        for opened in self.query(EntryList):
            opened.show_entries(entries, value)
        self.refresh()

    def choose(self, value: str) -> None:
        """Choose `value` without posting a message; one that is not in the list clears the choice."""
        with self.prevent(self.Changed):
            self.value = self._listed(value)

    @property
    def _chosen(self) -> Entry | None:
        return next((entry for entry in self.entries if entry.value == self.value), None)

    @property
    def description(self) -> str:
        """The description of the chosen entry."""
        return "" if self._chosen is None else self._chosen.description

    def render(self) -> Text:
        """Return the chosen entry, cut where it must be, and an arrow."""
        chosen = self._chosen
        label = terminal_text(self.prompt if chosen is None else chosen.brief or chosen.label)
        label.truncate(max(self.size.width - _ARROW_WIDTH, 0), overflow="ellipsis", pad=True)
        return label + Text(" ▲" if self.is_open else " ▼", "dim")

    def watch_is_open(self, is_open: bool) -> None:
        """Make the list and focus it, or remove it."""
        if is_open:
            opened = EntryList(self.entries, self.value)
            self.mount(opened)
            opened.focus(scroll_visible=False)
        else:
            self.query(EntryList).remove()

    def action_open(self) -> None:
        """Open the list."""
        self.is_open = True

    def on_click(self) -> None:
        """Open the list, or close it."""
        self.is_open = not self.is_open

    @on(OptionList.OptionSelected)
    def _entry_chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.focus()
        self.is_open = False
        self.value = self.entries[event.option_index].value

    @on(OptionList.OptionHighlighted)
    def _entry_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()


class EntryList(OptionList):
    """The open list of a dropdown; letters go to the first entry that has them in its label."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,shift+tab", "close", "Close", show=False)]

    def __init__(self, entries: tuple[Entry, ...], value: str | None) -> None:
        super().__init__(compact=True)
        self._searched, self._last_key = "", 0.0
        self.show_entries(entries, value)

    def show_entries(self, entries: tuple[Entry, ...], value: str | None) -> None:
        """Show `entries`, the cursor on `value`, else on the first."""
        width = max((cell_len(entry.label) for entry in entries), default=0)
        self._labels = [entry.label.lower() for entry in entries]
        self.set_options(
            Option(described(terminal_text(entry.label), entry.description, width), disabled=entry.disabled)
            for entry in entries
        )
        self.highlighted = next((index for index, entry in enumerate(entries) if entry.value == value), 0)

    def on_mount(self) -> None:
        """Show the chosen entry."""
        self.call_after_refresh(self.scroll_to_highlight)

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Letters search the list and do not reach the app."""
        return character is not None and character.isprintable()

    async def _on_key(self, event: events.Key) -> None:
        if event.character is None or not event.is_printable:
            return
        event.stop()
        event.prevent_default()
        now = time.monotonic()
        self._searched = event.character if now - self._last_key > _SEARCH_PAUSE else self._searched + event.character
        self._last_key = now
        places = [label.find(self._searched.lower()) for label in self._labels]
        if any(place >= 0 for place in places):
            self.highlighted = min((place, index) for index, place in enumerate(places) if place >= 0)[1]

    def action_close(self) -> None:
        """Go back to the closed dropdown."""
        self._dropdown.is_open = False
        self._dropdown.focus()

    def on_blur(self) -> None:
        """Close when another widget gets the focus; the dropdown itself closes at the click that gave it the focus."""
        if self.app.focused is not self._dropdown:
            self._dropdown.is_open = False

    @property
    def _dropdown(self) -> Dropdown:
        assert isinstance(self.parent, Dropdown)
        return self.parent


def described(label: Text, description: str, width: int) -> Table:
    """Return the text of an entry: the description wraps below itself, not below the label of `width` cells."""
    grid = Table.grid(expand=True)
    grid.add_column(width=width + 2)
    grid.add_column(ratio=1)
    grid.add_row(label, terminal_text(description, "dim"))
    return grid
