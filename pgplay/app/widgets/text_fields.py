"""Fields to type in: they keep the text as it is and show signs for control characters."""

from __future__ import annotations

from typing import Any, Self

from rich.highlighter import Highlighter
from rich.text import Text
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
        """Take the focus at once: keys typed together with the one that led here are meant for this field."""
        self.screen.set_focus(self, scroll_visible=scroll_visible)
        return self


class TextField(TextArea):
    """Several lines to type."""

    def get_line(self, line_index: int) -> Text:
        """Return a line with signs for control characters."""
        visible = "\t".join(map(for_field, self.document.get_line(line_index).split("\t")))
        return Text(visible, end="", no_wrap=True)
