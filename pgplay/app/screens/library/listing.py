"""A full screen with one table: the base of the policy library and the list of runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import DataTable, Input, Static
from textual.widgets.data_table import ColumnKey

from pgplay.app.drawing.terminal_text import terminal_text
from pgplay.app.notices import notify_user
from pgplay.app.screens.dialogs.base import Keys
from pgplay.app.screens.filtering import Filtering
from pgplay.app.widgets.data_tables import chosen_key
from pgplay.app.widgets.filter_field import NO_ROW, FilterField
from pgplay.app.widgets.places import Places
from pgplay.errors import PgplayError

AT_ONCE = 200
"""Rows added at once; more would delay a key press."""
BETWEEN = 0.01
"""Seconds until the next rows are added."""

ListingRow = tuple[str, Sequence[str]]
"""The name of a stored item and its cells."""

NARROWEST = 8
CELL_PADDING = 1
"""Padding of a table cell on each side, as Textual sets it."""


class Listing(Filtering):
    """A table of stored items by name; subclasses define the items and their actions."""

    AUTO_FOCUS = "DataTable"
    HEADING = ""
    PAGE = 0
    """Its number among the pages of the library."""
    COLUMNS: ClassVar[tuple[tuple[str, int], ...]] = ()
    GIVE_WAY: ClassVar[tuple[str, ...]] = ()
    """Columns to drop on narrow screens, in this order; the hint shows their content."""
    GROW: ClassVar[tuple[str, ...]] = ()
    """Columns that share the spare width; without any, the first one takes it."""
    NONE_YET = ""

    def compose(self) -> ComposeResult:
        """Compose the screen."""
        yield Places("place_library", self.PAGE)
        yield Static(self.heading, id="listing-title", classes="page-title")
        yield DataTable(cursor_type="row", zebra_stripes=False, id=self.HEADING.lower())
        yield FilterField("Filter: words that a row contains")
        yield Static(id="page-hint", classes="page-hint")
        yield Keys()

    @property
    def heading(self) -> str:
        """What the page lists."""
        return self.HEADING

    def __init__(self) -> None:
        super().__init__()
        self._all_rows: list[ListingRow] = []
        self._rows: list[ListingRow] = []
        """The rows that the filter admits."""
        self._laid_out: list[tuple[int, int]] = []
        """The indices of the present columns, each with its width."""
        self._keys: list[ColumnKey] = []

    def on_mount(self) -> None:
        """Set up the columns and list the items."""
        self.reload()

    def on_resize(self) -> None:
        """Fit the columns to the width."""
        if self._columns() != self._laid_out:
            self._lay_out()

    def _columns(self) -> list[tuple[int, int]]:
        """Return the indices of the COLUMNS that fit, each with its width; those in GROW share the spare width.

        It goes first to columns whose cells are cut. A column that is empty in every row is as wide as its title.
        """
        rows = [cells for _, cells in self._all_rows]
        longest = [max((cell_len(cells[index]) for cells in rows), default=0) for index in range(len(self.COLUMNS))]
        columns = [
            (index, width if longest[index] or not self._all_rows else min(width, len(title)))
            for index, (title, width) in enumerate(self.COLUMNS)
        ]

        def free() -> int:
            return self.app.size.width - sum(width + 2 * CELL_PADDING for _, width in columns) - 1

        for title in self.GIVE_WAY:
            if free() < 0:
                columns = [(index, width) for index, width in columns if self.COLUMNS[index][0] != title]
        while free() < 0 and (widest := max(columns, key=lambda column: column[1]))[1] > NARROWEST:
            columns[columns.index(widest)] = (widest[0], widest[1] - 1)
        growing = [number for number, (index, _) in enumerate(columns) if self.COLUMNS[index][0] in self.GROW] or [0]
        for cell in range(max(0, free())):
            cut = [number for number in growing if columns[number][1] < longest[columns[number][0]]] or growing
            number = cut[cell % len(cut)]
            index, width = columns[number]
            columns[number] = (index, width + 1)
        return columns

    def rows(self) -> Sequence[ListingRow]:
        """Return (name, cells) of all items; raises PgplayError."""
        raise NotImplementedError

    def hint(self, name: str) -> str:
        """Return a sentence about the row under the cursor."""
        return ""

    def keywords(self, name: str) -> str:
        """Return further words by which the filter finds a row."""
        return ""

    def reload(self, select: str = "") -> None:
        """Reload the list, with the cursor on `select` if it is there."""
        self._all_rows = list(self.attempt(self.rows) or ())
        self._filter(select)

    @on(Input.Changed, "#filter")
    def _filter(self, select: str | Input.Changed = "") -> None:
        """Show the rows that contain every word of the filter, ignoring case."""
        admits = self.query_one(FilterField).admits
        self._rows = [row for row in self._all_rows if admits(" ".join((*row[1], self.keywords(row[0]))))]
        self._lay_out(select if isinstance(select, str) else "")

    def _lay_out(self, select: str = "") -> None:
        """Show the rows: those up to the cursor at once, the others of a long list in idle moments."""
        table = self.query_one(DataTable)
        select = select or self.selected or ""
        cursor_row, self._laid_out = table.cursor_row, self._columns()
        table.clear(columns=True)
        self._keys = [table.add_column(self.COLUMNS[index][0], width=width) for index, width in self._laid_out]
        names = [name for name, _ in self._rows]
        cursor_row = names.index(select) if select in names else min(cursor_row, len(names) - 1)
        self._add(self._rows, cursor_row + AT_ONCE)
        if names:
            table.move_cursor(row=cursor_row)
        self.show_hint()

    def _add(self, rows: list[ListingRow], count: int) -> None:
        """Add the next `count` of `rows` and schedule the others, unless the list has changed."""
        table = self.query_one(DataTable)
        if rows is not self._rows:
            return
        begin = table.row_count
        for name, cells in rows[begin : begin + count]:
            table.add_row(*self._cells(cells), key=name)
        if begin + count < len(rows):
            self.set_timer(BETWEEN, lambda: self._add(rows, AT_ONCE))

    def _cells(self, cells: Sequence[str]) -> list[Text]:
        return [terminal_text(cells[index], width=width) for index, width in self._laid_out]

    def show_row(self, name: str, cells: Sequence[str]) -> None:
        """Replace the cells of an existing row."""
        for rows in (self._all_rows, self._rows):
            rows[[other for other, _ in rows].index(name)] = name, cells
        if self._columns() != self._laid_out:
            self._lay_out(name)
            return
        table = self.query_one(DataTable)
        for key, text in zip(self._keys, self._cells(cells), strict=True):
            table.update_cell(name, key, text)

    @property
    def selected(self) -> str | None:
        """The name under the cursor; None if the table is empty."""
        return chosen_key(self.query_one(DataTable))

    def show_hint(self) -> None:
        """Show the hint for the row under the cursor."""
        name = self.selected
        self.query_one("#page-hint", Static).update(
            Text(self._nothing) if name is None else terminal_text(self.hint(name), lines=True)
        )

    @property
    def _nothing(self) -> str:
        return NO_ROW if self._all_rows else self.NONE_YET

    def on_data_table_row_highlighted(self) -> None:
        """Update the hint when the cursor moves."""
        self.show_hint()

    def attempt(self, act: Callable[[], Any]) -> Any:
        """Return the result of `act`; None after a PgplayError, which is shown."""
        try:
            return act()
        except PgplayError as error:
            notify_user(self.app, str(error), severe=True)
            return None
