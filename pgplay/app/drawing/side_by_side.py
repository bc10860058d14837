"""Blocks of lines beside each other, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from rich.text import Text

_SEPARATOR = " │ "


def column_width(width: int) -> int:
    """Return the cells of each of two columns in `width` cells."""
    return max(1, (width - len(_SEPARATOR)) // 2)


def side_by_side(left: Sequence[Text], right: Sequence[Text], column: int) -> list[Text]:
    """Return lines with those of `left`, filled up to `column` cells, before those of `right`."""
    lines = []
    for left_line, right_line in zip_longest(left, right, fillvalue=Text()):
        line = left_line.copy()
        line.append(" " * (column - left_line.cell_len)).append(_SEPARATOR, "dim").append_text(right_line)
        lines.append(line)
    return lines
