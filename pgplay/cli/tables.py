"""Tables and lists of facts as wide as the terminal: cells wrap at spaces, never inside a word."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pgplay.cli.output import cells, format_number, page_width, say, visible, wrapped

_GAP = 2
_NARROWEST = 12
"""The least width to which a column of sentences is wrapped."""

VERBATIM = ("recipe", "command", "as a command", "folder", "file")
"""Facts that are copied from the screen, so they stay on one line."""


class _Column(NamedTuple):
    cells: list[str]
    natural: int
    least: int
    numeric: bool


def print_table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print `rows` in columns under `headers`, numbers aligned right.

    Columns that do not fit beside the others follow in a further block, again beside the first column.
    """
    raw = [[visible(header) for header in headers], *([_cell(value) for value in row] for row in rows)]
    columns = [_column([row[place] for row in raw]) for place in range(len(headers))]
    for number_of_block, block in enumerate(_blocks(columns, page_width())):
        if number_of_block:
            say()
        gap, widths = _fit(block, page_width())
        for place in range(len(raw)):
            _print_row([column.cells[place] for column in block], widths, block, gap)


def _column(texts: list[str]) -> _Column:
    natural = max(map(cells, texts))
    numeric = len(texts) > 1 and all(map(_looks_numeric, texts[1:]))
    longest_word = max(cells(word) for text in texts for word in text.split(" "))
    return _Column(texts, natural, natural if numeric else min(natural, max(longest_word, _NARROWEST)), numeric)


def _blocks(columns: Sequence[_Column], width: int) -> list[list[_Column]]:
    """Return `columns` in blocks that fit into `width`, the first column in each."""
    first, *others = columns
    blocks = [[first]]
    for column in others:
        if len(blocks[-1]) > 1 and _least_width([*blocks[-1], column]) > width:
            blocks.append([first])
        blocks[-1].append(column)
    return blocks


def _least_width(columns: Sequence[_Column]) -> int:
    return sum(column.least for column in columns) + len(columns) - 1


def _fit(columns: Sequence[_Column], width: int) -> tuple[int, list[int]]:
    """Return the gap between `columns` and their widths; the widest ones are wrapped first."""
    widths = [column.natural for column in columns]
    fits = sum(column.least for column in columns) + _GAP * (len(columns) - 1) <= width
    gap = _GAP if fits else 1
    while sum(widths) + gap * (len(widths) - 1) > width:
        wide = [place for place, column in enumerate(columns) if widths[place] > column.least]
        if not wide:
            break
        widths[max(wide, key=widths.__getitem__)] -= 1
    return gap, widths


def _print_row(texts: Sequence[str], widths: Sequence[int], columns: Sequence[_Column], gap: int) -> None:
    lines = [wrapped(text, width) for text, width in zip(texts, widths, strict=True)]
    for line in range(max(map(len, lines))):
        parts = []
        for cell_lines, width, column in zip(lines, widths, columns, strict=True):
            text = cell_lines[line] if line < len(cell_lines) else ""
            space = " " * (width - cells(text))
            parts.append(space + text if column.numeric else text + space)
        say((" " * gap).join(parts).rstrip())


def print_facts(facts: Mapping[str, Any], *, verbatim: Collection[str] = VERBATIM) -> None:
    """Print named facts, their values aligned and wrapped, except those in `verbatim`; empty ones are left out."""
    texts = {visible(name): _cell(value) for name, value in facts.items() if value not in (None, "", (), [])}
    width = max(map(cells, texts), default=0)
    for name, text in texts.items():
        lines = [text] if name in verbatim else wrapped(text, page_width() - width - _GAP)
        for heading, line in zip([name, *[""] * (len(lines) - 1)], lines, strict=True):
            say(f"{heading}{' ' * (width - cells(heading))}  {line}")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return format_number(value)
    return visible(str(value))


def _looks_numeric(text: str) -> bool:
    return not text or (text.lstrip("-")[:1].isdigit() and not text.strip("-+.0123456789eE,"))
