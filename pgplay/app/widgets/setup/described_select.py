"""A select box: one line when closed, a description beside each entry when open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import Select
from textual.widgets._select import SelectOverlay
from textual.widgets.option_list import Option

from pgplay.app.drawing.terminal_text import terminal_text


class Entry(NamedTuple):
    """An entry: value, label, description, and whether it is disabled.

    `brief` is shown in the closed list instead of the label, if given.
    """

    value: str
    label: str
    description: str = ""
    disabled: bool = False
    brief: str = ""


class Choice(Select[str], inherit_bindings=False):
    """A Select whose entries have descriptions and may be disabled; the space bar stays the app's."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,down,up", "show_overlay", "Show menu", show=False)]

    def __init__(self, entries: Iterable[Entry], value: str, *, id: str | None = None, prompt: str = "") -> None:
        self.entries = tuple(entries)
        allow_blank = not any(entry.value == value for entry in self.entries)
        super().__init__(
            [(terminal_text(entry.brief or entry.label), entry.value) for entry in self.entries],
            value=Select.NULL if allow_blank else value,
            allow_blank=True,
            prompt=prompt,
            compact=True,
            id=id,
        )

    def show_entries(self, entries: Iterable[Entry], value: str) -> None:
        """Replace the entries and choose `value`, without posting a message."""
        entries = tuple(entries)
        if entries == self.entries and value == self.value:
            return
        self.entries = entries
        with self.prevent(Select.Changed):
            self.set_options([(terminal_text(entry.brief or entry.label), entry.value) for entry in entries])
            self.choose(value)

    def choose(self, value: str) -> None:
        """Choose `value` without posting a message; one that is not in the list clears the choice."""
        with self.prevent(Select.Changed):
            is_listed = any(entry.value == value for entry in self.entries)
            self.value = value if is_listed else Select.NULL

    @property
    def chosen(self) -> str | None:
        """The chosen value; None if nothing is chosen."""
        return self.value if isinstance(self.value, str) else None

    @property
    def description(self) -> str:
        """The description of the chosen entry."""
        return next((entry.description for entry in self.entries if entry.value == self.value), "")

    def _setup_options_renderables(self) -> None:
        width = max((cell_len(entry.label) for entry in self.entries), default=0)
        self._options = [option for option in self._options if option[1] is not Select.NULL]
        overlay = self.query_one(SelectOverlay)
        overlay.clear_options()
        overlay.add_options(
            [
                Option(described(terminal_text(entry.label), entry.description, width), disabled=entry.disabled)
                for entry in self.entries
            ]
        )


def described(label: Text, description: str, width: int) -> Table:
    """Return the text of an entry: the description wraps below itself, not below the label of `width` cells."""
    grid = Table.grid(expand=True)
    grid.add_column(width=width + 2)
    grid.add_column(ratio=1)
    grid.add_row(label, terminal_text(description, "dim"))
    return grid
