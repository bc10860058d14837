"""Text from outside (targets, completions, names, errors) made safe to show: the one way onto the screen.

A str that holds '[/x]' or '[@click=...]' would be read as markup, and a raw ESC would reach the terminal.
`terminal_text` returns rich.text.Text, with control characters as visible signs and without markup.
"""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len, get_character_cell_size
from rich.style import Style
from rich.text import Text

ELLIPSIS = "…"
"""Marks a text cut to the screen's width."""

LENGTH_LIMIT = "⊣"
"""Marks a completion cut at the length limit, before its stop token."""

_SIGNS = {"\n": "↵", "\t": "⇥", "\r": "␍", "\x7f": "␡", "\u2028": "↵", "\u2029": "¶"}
_UNSHOWABLE = "\N{REPLACEMENT CHARACTER}"
_HIDDEN = "¦"
"""The sign of an invisible character: a joiner, direction mark or variation selector."""


def visible_sign(character: str) -> str:
    """Return the sign shown for a `character`: itself, unless it would steer the terminal or is invisible."""
    if character in _SIGNS:
        return _SIGNS[character]
    if " " <= character <= "~":
        return character
    code, category = ord(character), unicodedata.category(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if category in ("Cc", "Cs", "Cn", "Co"):
        return _UNSHOWABLE
    if category == "Cf" or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
        return _HIDDEN
    return character


def is_mark(character: str) -> bool:
    """Return whether `character` is drawn over the one before it (a combining accent, no cell wide)."""
    return unicodedata.category(character) in ("Mn", "Me")


def plain(text: str, *, lines: bool = False) -> str:
    """Return `text` with control characters made visible; with `lines`, newlines stay newlines."""
    return "".join(character if lines and character == "\n" else visible_sign(character) for character in text)


def for_field(text: str) -> str:
    """Return outside `text` as an editable field shows it: control characters visible, emoji whole."""
    return "".join(character if is_joiner(character) else visible_sign(character) for character in text)


def is_joiner(character: str) -> bool:
    """Return whether `character` only shapes its neighbours: a zero-width joiner or a variation selector."""
    return character in "\u200c\u200d" or "\ufe00" <= character <= "\ufe0f"


def terminal_text(text: str, style: str | Style = "", *, width: int | None = None, lines: bool = False) -> Text:
    """Return outside `text` as a Text that holds no markup and no control character.

    With `width` it is cut to that many cells, an ellipsis marking the cut. With `lines`, newlines stay newlines.
    """
    safe = plain(text, lines=lines)
    return Text(fit(safe, width) if width is not None else safe, style=style, end="")


def fit(text: str, width: int, *, words: bool = False) -> str:
    """Return `text` cut to at most `width` cells, an ellipsis marking the cut; with `words` between two of them."""
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    fitting, used = [], 0
    for character in text:
        size = get_character_cell_size(character)
        if used + size > width - 1:
            break
        fitting.append(character)
        used += size
    cut = "".join(fitting)
    if words and text[len(cut)] != " ":
        cut = cut[: cut.rfind(" ") + 1]
    return cut.rstrip() + ELLIPSIS if words else cut + ELLIPSIS


def pad(text: str, width: int) -> str:
    """Return `text` cut or filled with spaces to exactly `width` cells."""
    fitted = fit(text, width)
    return fitted + " " * (width - cell_len(fitted))


def pad_left(text: str, width: int) -> str:
    """Return `text` right-aligned in `width` cells, cut if it is wider."""
    fitted = fit(text, width)
    return " " * (width - cell_len(fitted)) + fitted


def as_title(text: str) -> str:
    """Return outside `text` for a border title, the one place that takes only a str and reads markup in it."""
    return plain(text).replace("[", "\\[")
