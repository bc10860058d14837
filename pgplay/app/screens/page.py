"""A page of tables over the screen: scrolled with the arrow keys, left with escape."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from pgplay.app.safe_text import safe_text


def titled_table(title: str, rows: Iterable[tuple[str, str]], *, name_width: int = 15) -> Table:
    """Return `rows` of a name and words in two columns under a title; all of it may come from outside."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=name_width)
    table.add_column(ratio=1)
    table.add_row(safe_text(title, "bold"), "")
    for name, words in rows:
        table.add_row(safe_text(name), safe_text(words, lines=True))
    return table
