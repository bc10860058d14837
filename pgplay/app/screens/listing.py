"""A full screen with one table: what the library and the list of runs share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import DataTable, Static

from pgplay.app.safe_text import safe_text
from pgplay.app.screens.page import Keys
from pgplay.app.widgets.tables import chosen_key
from pgplay.errors import PgplayError

NARROWEST = 8
CELL_PADDING = 1
"""Cells on each side of a table's cell, as Textual has them."""


class Listing(Screen[None]):
    """A table of kept things by name; subclasses say which, and what can be done with one."""

    AUTO_FOCUS = "DataTable"
    HEADING = ""
    COLUMNS: ClassVar[tuple[tuple[str, int], ...]] = ()
    GIVE_WAY: ClassVar[tuple[str, ...]] = ()
    """The columns that are left out where it is narrow, the first one first; the hint tells what they hold."""
    NONE_YET = ""

    def compose(self) -> ComposeResult:
        """Lay out the parts."""
        yield Static(self.HEADING, id="listing-title", classes="page-title")
        yield DataTable(cursor_type="row", zebra_stripes=False, id=self.HEADING.lower())
        yield Static(id="page-hint", classes="page-hint")
        yield Keys()

    def on_mount(self) -> None:
        """Set up the columns and list what there is."""
        self.reload()

    def on_resize(self) -> None:
        """Give the columns what the width has."""
        self.reload()

    def _columns(self) -> list[tuple[int, int]]:
        """Return the places among COLUMNS that there is room for, each with its width; the first takes what is left."""
        shown = [(place, width) for place, (_, width) in enumerate(self.COLUMNS)]

        def free() -> int:
            return self.app.size.width - sum(width + 2 * CELL_PADDING for _, width in shown) - 1

        for title in self.GIVE_WAY:
            if free() < 0:
                shown = [(place, width) for place, width in shown if self.COLUMNS[place][0] != title]
        while free() < 0 and (widest := max(shown, key=lambda column: column[1]))[1] > NARROWEST:
            shown[shown.index(widest)] = (widest[0], widest[1] - 1)
        return [(0, shown[0][1] + max(0, free())), *shown[1:]]

    def rows(self) -> Sequence[tuple[str, Sequence[str]]]:
        """Return (name, cells) of everything kept; raises PgplayError."""
        raise NotImplementedError

    def hint(self, name: str) -> str:
        """Return a sentence on the row under the cursor."""
        return ""

    def reload(self, select: str = "") -> None:
        """List again what there is, the cursor on `select` where it is among them."""
        table = self.query_one(DataTable)
        select = select or self.selected or ""
        at, columns = table.cursor_row, self._columns()
        table.clear(columns=True)
        for place, width in columns:
            table.add_column(self.COLUMNS[place][0], width=width)
        rows = self.attempt(self.rows) or []
        for name, cells in rows:
            table.add_row(*(safe_text(cells[place], width=width) for place, width in columns), key=name)
        names = [name for name, _ in rows]
        if rows:
            table.move_cursor(row=names.index(select) if select in names else min(at, len(rows) - 1))
        self.show_hint()

    @property
    def selected(self) -> str | None:
        """The name under the cursor, None where the table is empty."""
        return chosen_key(self.query_one(DataTable))

    def show_hint(self) -> None:
        """Say something about the row under the cursor."""
        name = self.selected
        self.query_one("#page-hint", Static).update(
            Text(self.NONE_YET) if name is None else safe_text(self.hint(name), lines=True)
        )

    def on_data_table_row_highlighted(self) -> None:
        """Keep the hint beside the cursor."""
        self.show_hint()

    def attempt(self, act: Callable[[], Any]) -> Any:
        """Return what `act` returns; where it raises an error meant for a person, show that and return None."""
        try:
            return act()
        except PgplayError as error:
            self.tell(str(error), severe=True)
            return None

    def tell(self, words: str, *, severe: bool = False) -> None:
        """Show a short message over the screen."""
        self.app.notify(safe_text(words, lines=True).plain, severity="error" if severe else "information", markup=False)
