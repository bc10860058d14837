"""The last filter over everything drawn: it removes characters that would steer the terminal.

`terminal_text` shows such characters as signs; this filter removes those that were drawn without it. They take no cell,
so nothing moves.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from pgplay.app.drawing.terminal_text import is_joiner

_STEERING = ("Cc", "Cf", "Cs", "Zl", "Zp")


@lru_cache(maxsize=4096)
def without_steering(text: str) -> str:
    """Return `text` without the characters that would steer a terminal."""
    if text.isprintable():
        return text
    return "".join(
        character for character in text if is_joiner(character) or unicodedata.category(character) not in _STEERING
    )


class WithoutSteering(LineFilter):
    """Removes from a screen's lines the characters that would steer the terminal."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return `segments` with the same styles and harmless texts."""
        return [Segment(without_steering(text), style, control) for text, style, control in segments]


WITHOUT_STEERING = WithoutSteering()
