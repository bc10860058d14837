"""A completion against its target: right, wrong, extra and missing characters, distinguished by colour and by mark."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from pgplay.app.drawing.terminal_text import is_joiner, is_mark, pad, plain, terminal_text, visible_sign

MISSING = "·"
BOUNDARY = "┊"
"""Marks a token boundary inside a word."""
_CARRIER = "◌"
"""Carries a combining mark that has no letter, or whose letter is marked otherwise."""

_LONGEST = 2000
"""Characters that are aligned and shown; alignment takes quadratic time."""


class AlignedPlace(NamedTuple):
    """One place of an alignment: the signs of the text's and the target's character, empty for none."""

    mark: str
    sign: str
    target_sign: str


def coloured(text: str, target: str, styles: Mapping[str, Style], pieces: Sequence[str] = ()) -> Text:
    """Return `text` as one line, each character in the style of its mark: 'right', 'wrong', 'extra' or 'missing'.

    Missing characters are shown as '·'. Without a target nothing is marked. With `pieces`, the text that each token
    adds, token boundaries are marked.
    """
    starts = token_starts(text, pieces)
    if not target:
        return _marked(text[:_LONGEST], starts, styles) if starts else terminal_text(text[:_LONGEST])
    line, position = Text(no_wrap=True, end=""), 0
    for is_missing, columns in itertools.groupby(_columns(text, target), lambda column: column.mark == "missing"):
        if is_missing:
            line.append("".join(column.sign for column in columns), styles["missing"])
            continue
        for column in columns:
            if position in starts:
                line.append(BOUNDARY, styles["muted"])
            line.append(column.sign, styles[column.mark])
            position += 1
    return line


def token_starts(text: str, pieces: Sequence[str]) -> list[int]:
    """Return the places in `text` where a token begins inside a word; none if each token is one character.

    `pieces` are the texts that the tokens add. A boundary never splits a combined character.
    """
    if all(len(piece) <= 1 for piece in pieces) or "".join(pieces) != text:
        return []
    places = dict.fromkeys(itertools.accumulate(map(len, pieces)))
    return [place for place in places if 0 < place < len(text) and not _continues(text[place])]


def _continues(character: str) -> bool:
    return character.isspace() or is_mark(character) or is_joiner(character)


def _marked(text: str, starts: Sequence[int], styles: Mapping[str, Style]) -> Text:
    line = Text(no_wrap=True, end="")
    for start, end in itertools.pairwise([0, *(place for place in starts if place < len(text)), len(text)]):
        line.append(BOUNDARY if start else "", styles["muted"]).append(plain(text[start:end]))
    return line


def aligned_lines(text: str, target: str, styles: Mapping[str, Style], pieces: Sequence[str] = ()) -> tuple[str, Text]:
    """Return `target` and the coloured `text` as two lines with aligned characters in the same cells.

    With `pieces`, the text that each token adds, token boundaries are marked.
    """
    above, below = [], Text(no_wrap=True, end="")
    starts, position = token_starts(text, pieces), 0
    for mark, sign, target_sign in _columns(text, target):
        if mark != "missing":
            if position in starts:
                above.append(" ")
                below.append(BOUNDARY, styles["muted"])
            position += 1
        width = max(cell_len(sign), cell_len(target_sign))
        above.append(pad(target_sign, width))
        below.append(sign, styles[mark]).append(" " * (width - cell_len(sign)))
    return "".join(above), below


def _columns(text: str, target: str) -> Iterator[AlignedPlace]:
    """Yield the places of the alignment of the first `_LONGEST` characters of each."""
    marks, gaps = _aligned(text[:_LONGEST], target[:_LONGEST])
    missing, rest, before = dict(gaps), iter(target[:_LONGEST]), ""
    for position, character in enumerate(text[:_LONGEST]):
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
        AlignedPlace("missing", MISSING, visible_sign(next(rest))) for _ in range(missing.get(len(text[:_LONGEST]), 0))
    )


@lru_cache(maxsize=256)
def _aligned(text: str, target: str) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    from pgplay.rewards.alignment import align

    alignment = align(text, target)
    return tuple(alignment.marks), tuple((position, missing) for position, missing in alignment.gaps)
