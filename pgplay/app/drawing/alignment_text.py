"""A completion against its target: right, wrong, extra and missing characters, told apart by colour and by mark."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from pgplay.app.drawing.terminal_text import is_mark, pad, terminal_text, visible_sign

MISSING = "·"
_CARRIER = "◌"
"""Carries a combining mark that stands alone, or that is wrong where the letter under it is right."""

LONGEST = 2000
"""Characters beyond this are not aligned: nobody sees them, and the alignment takes quadratic time."""


class AlignedPlace(NamedTuple):
    """One place of an alignment: the sign of the text's character, and of the target's, empty where there is none."""

    mark: str
    sign: str
    target_sign: str


def coloured(text: str, target: str, styles: Mapping[str, Style]) -> Text:
    """Return `text` as one line, each character in the style of its mark: 'right', 'wrong', 'extra' or 'missing'.

    Characters that the target has and the text lacks stand as '·'. Without a target there is no mark to bear.
    """
    if not target:
        return terminal_text(text[:LONGEST])
    shown = Text(no_wrap=True, end="")
    for is_missing, columns in itertools.groupby(_columns(text, target), lambda column: column.mark == "missing"):
        signs = [(column.sign, styles[column.mark]) for column in columns]
        for sign, style in [("".join(sign for sign, _ in signs), styles["missing"])] if is_missing else signs:
            shown.append(sign, style)
    return shown


def aligned_lines(text: str, target: str, styles: Mapping[str, Style]) -> tuple[str, Text]:
    """Return `target` and the coloured `text` as two lines in which what belongs together has the same cells."""
    above, below = [], Text(no_wrap=True, end="")
    for mark, sign, target_sign in _columns(text, target):
        width = max(cell_len(sign), cell_len(target_sign))
        above.append(pad(target_sign, width))
        below.append(sign, styles[mark]).append(" " * (width - cell_len(sign)))
    return "".join(above), below


def _columns(text: str, target: str) -> Iterator[AlignedPlace]:
    """Go through the alignment of the first `LONGEST` characters of each."""
    marks, gaps = _aligned(text[:LONGEST], target[:LONGEST])
    missing, rest, before = dict(gaps), iter(target[:LONGEST]), ""
    for position, character in enumerate(text[:LONGEST]):
        yield from (AlignedPlace("missing", MISSING, visible_sign(next(rest))) for _ in range(missing.get(position, 0)))
        mark = marks[position]
        sign = visible_sign(character)
        if is_mark(character) and (mark != before or position in missing or not position):
            sign = _CARRIER + sign
        if sign == " " and mark != "right":
            sign = "␣"
        yield AlignedPlace(mark, sign, "" if mark == "extra" else visible_sign(next(rest)))
        before = mark
    yield from (
        AlignedPlace("missing", MISSING, visible_sign(next(rest))) for _ in range(missing.get(len(text[:LONGEST]), 0))
    )


@lru_cache(maxsize=256)
def _aligned(text: str, target: str) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    from pgplay.rewards.alignment import align

    alignment = align(text, target)
    return tuple(alignment.marks), tuple((position, missing) for position, missing in alignment.gaps)
