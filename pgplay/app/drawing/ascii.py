"""The whole screen in ASCII, for fonts and terminals without braille, boxes and blocks.

A filter over everything drawn, so that no widget needs to know of it. A braille cell becomes the sign at the height of
its dots. Completions in other scripts stay as they are; so Greek letters of formulas are not filtered but spelled out
by `spelled` where formulas are laid out.
"""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_BRAILLE = 0x2800
_ROWS = (0b00001001, 0b00010010, 0b00100100, 0b11000000)
"""The dots of a braille cell's four rows (Unicode, chapter 21.1)."""
_BY_ROW = "'-.,"

_SIGNS = {
    **dict.fromkeys("─━╌┄┈▔", "-"),
    **dict.fromkeys("│┃┆┊▏▕▌▐╎⊣", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯╞╡┏┓┗┛╺╸", "+"),
    **dict.fromkeys("█▉▊▋▇▆■", "#"),
    **dict.fromkeys("▓◆", "%"),
    **dict.fromkeys("▍▎▒▅▄▃▀", "="),
    **dict.fromkeys("░▂▁", ":"),
    **dict.fromkeys("●◉▪✚", "*"),
    **dict.fromkeys("○◌□◇☆◫", "o"),
    **dict.fromkeys("▲", "^"),
    **dict.fromkeys("▼▾", "v"),
    **dict.fromkeys("▶▸→", ">"),
    **dict.fromkeys("←◀", "<"),
    **dict.fromkeys("✗×★", "x"),
    **dict.fromkeys("↵␍¶", "/"),
    **dict.fromkeys(map(chr, (0xFFFD, 0x2421, *range(0x2400, 0x240D), *range(0x240E, 0x2420))), "?"),
    "✓": "+", "·": ".", "…": "~", "−": "-", "–": "-", "ⓘ": "i", "␣": "_", "¦": "|",
    "∝": "~", "⇥": ">", "↑": "^", "↓": "v", "△": "A", "≡": "=", "◐": "%", "‖": "|", "▤": "=", "²": "2", "µ": "u",
}  # fmt: skip


_SPELLED = str.maketrans({
    "β": "beta", "γ": "gamma", "δ": "delta", "ε": "eps", "θ": "theta", "λ": "lambda", "π": "pi", "ρ": "rho", "Σ": "sum",
    "∇": "grad ", "√": "sqrt ", "←": "<-", "→": "->", "…": "...", "η": "eta", "σ": "std", "Φ": "Phi", "−": "-",
    "≈": "~", "≤": "<=", "≥": ">=", "·": ".",
})  # fmt: skip


def spelled(formula: str) -> str:
    """Return a formula with its Greek letters and signs spelled out, which takes more room."""
    return formula.translate(_SPELLED)


@lru_cache(maxsize=4096)
def to_ascii(text: str) -> str:
    """Return `text` with drawn signs as ASCII, cell by cell."""
    return text if text.isascii() else "".join(map(_sign, text))


def _sign(character: str) -> str:
    dots = ord(character) - _BRAILLE
    if not 0 <= dots < 256:
        return _SIGNS.get(character, character)
    rows = [row for row, mask in enumerate(_ROWS) if dots & mask]
    if not rows:
        return " "
    return "|" if len(rows) > 2 else _BY_ROW[rows[len(rows) // 2]]


class Ascii(LineFilter):
    """Replaces drawn signs by ASCII, last before the terminal."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return `segments` with the same styles and other signs."""
        return [Segment(to_ascii(text), style, control) for text, style, control in segments]
