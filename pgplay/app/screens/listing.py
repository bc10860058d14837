"""A full screen with one table: what the library and the list of runs share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Static

from pgplay.app.safe_text import safe_text
from pgplay.errors import PgplayError

NARROWEST = 8


class Listing(Screen[None]):
    """A table of kept things by name; subclasses say which, and what can be done with one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "back", key_display="esc")]
    AUTO_FOCUS = "DataTable"
    HEADING = ""
    COLUMNS: ClassVar[tuple[tuple[str, int], ...]] = ()
    NONE_YET = ""

    def compose(self) -> ComposeResult:
        """Lay out the parts."""
        yield Static(self.HEADING, classes="page-title")
        yield DataTable(cursor_type="row", zebra_stripes=False, classes="page")
        yield Static(id="page-hint", classes="page-hint")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Set up the columns and list what there is."""
        self.reload()

    def on_resize(self) -> None:
        """Give the columns what the width has."""
        self.reload()

    def _widths(self) -> list[int]:
        """Return the columns' widths: the two widest ones give way where it is narrow."""
        widths = [width for _, width in self.COLUMNS]
        missing = sum(widths) + 2 * len(widths) + 1 - self.app.size.width
        while missing > 0 and max(widths) > NARROWEST:
            widths[widths.index(max(widths))] -= 1
            missing -= 1
        return widths

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
        at, widths = table.cursor_row, self._widths()
        table.clear(columns=True)
        for (title, _), width in zip(self.COLUMNS, widths, strict=True):
            table.add_column(title, width=width)
        rows = self.attempt(self.rows) or []
        for name, cells in rows:
            texts = [safe_text(cell, width=width) for cell, width in zip(cells, widths, strict=True)]
            table.add_row(*texts, key=name)
        names = [name for name, _ in rows]
        if rows:
            table.move_cursor(row=names.index(select) if select in names else min(at, len(rows) - 1))
        self.show_hint()

    @property
    def selected(self) -> str | None:
        """The name under the cursor, None where the table is empty."""
        table = self.query_one(DataTable)
        if not table.row_count:
            return None
        return table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value

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
