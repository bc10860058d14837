"""A completion against its target: right, wrong, extra and missing characters, told apart by colour and by mark."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from rich.style import Style
from rich.text import Text

from pgplay.app.drawing.terminal_text import is_mark, terminal_text, visible

MISSING = "·"
_CARRIER = "◌"
"""Carries a combining mark that stands alone, or that is wrong where the letter under it is right."""

LONGEST = 2000
"""Characters beyond this are not aligned: nobody sees them, and the alignment takes quadratic time."""


def coloured(text: str, target: str, styles: Mapping[str, Style]) -> Text:
    """Return `text` as one line, each character in the style of its mark: 'right', 'wrong', 'extra' or 'missing'.

    Characters that the target has and the text lacks stand as '·'. Without a target there is no mark to bear.
    """
    if not target:
        return terminal_text(text[:LONGEST])
    marks, gaps = _aligned(text[:LONGEST], target[:LONGEST])
    shown = Text(no_wrap=True, end="")
    missing = dict(gaps)
    before = ""
    for position, character in enumerate(text[:LONGEST]):
        _append_missing(shown, missing.get(position, 0), styles)
        mark = marks[position]
        sign = visible(character)
        if is_mark(character) and (mark != before or position in missing or not position):
            sign = _CARRIER + sign
        if sign == " " and mark != "right":
            sign = "␣"
        shown.append(sign, styles[mark])
        before = mark
    _append_missing(shown, missing.get(len(text[:LONGEST]), 0), styles)
    return shown


def _append_missing(shown: Text, count: int, styles: Mapping[str, Style]) -> None:
    if count:
        shown.append(MISSING * count, styles["missing"])


@lru_cache(maxsize=256)
def _aligned(text: str, target: str) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    from pgplay.rewards.alignment import align

    alignment = align(text, target)
    return tuple(alignment.marks), tuple((position, missing) for position, missing in alignment.gaps)
