"""Fields to type in: they keep the text as it is and show signs for control characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from rich.highlighter import Highlighter
from rich.text import Text
from textual.events import Event, Key
from textual.screen import Screen
from textual.widgets import Input, TextArea

from pgplay.app.drawing.terminal_text import for_field


class _Signs(Highlighter):
    """Shows signs for control and direction characters."""

    def highlight(self, text: Text) -> None:
        """Put the signs into `text`."""
        text.plain = for_field(text.plain)


class LineField(Input):
    """One line to type."""

    def __init__(self, value: str = "", **options: Any) -> None:
        super().__init__(value, highlighter=_Signs(), compact=True, **options)

    def focus(self, scroll_visible: bool = True) -> Self:
        """Take the focus at once: the keys that came together with the one that led here are meant for this field."""
        self.screen.set_focus(self, scroll_visible=scroll_visible)
        return self

    def type_late(self, letters: str) -> None:
        """Add letters that come before the field has heard that it has the focus, which would select them."""
        self.select_on_focus = False
        self.insert_text_at_cursor(letters)

    def on_blur(self) -> None:
        """Select the text again when the focus comes the next time."""
        self.select_on_focus = True


def takes_late_letter(screens: Sequence[Screen[Any]], event: Event) -> bool:
    """Type a letter into the focused field of the uppermost screen if it was sent elsewhere; returns whether it was.

    Textual hands a burst of keys to the widget in focus before that one has done what the first of them says. A letter
    that comes back from there, as no widget took it, would count as a key of the page.
    """
    focused = screens[-1].focused if screens else None
    if not (isinstance(focused, LineField) and isinstance(event, Key) and event.is_forwarded and event.is_printable):
        return False
    focused.type_late(event.character or "")
    return True


class TextField(TextArea):
    """Several lines to type."""

    def get_line(self, line_index: int) -> Text:
        """Return a line with signs for control characters."""
        visible = "\t".join(map(for_field, self.document.get_line(line_index).split("\t")))
        return Text(visible, end="", no_wrap=True)
