"""Sections of names and descriptions in two columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from rich.console import Console
from rich.text import Text
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from pgplay.app.drawing.terminal_text import pad, plain, terminal_text

_GAP = 2


class TextSection(NamedTuple):
    """A title and rows of (name, description); all of it may be untrusted."""

    title: str
    rows: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, title: str, rows: Iterable[tuple[str, str]]) -> TextSection:
        """Return the section of `rows`."""
        return cls(title, tuple((name, description) for name, description in rows))


class TwoColumnText(Widget):
    """Sections one below the other, the descriptions wrapped beside the names.

    Lines are laid out once per width and only visible ones are painted, so that a long page opens quickly.
    """

    def __init__(self, *sections: TextSection, name_width: int = 15, id: str | None = None) -> None:
        super().__init__(id=id, classes="words")
        self._sections = sections
        self._name_width = name_width
        self._lines: list[Text] = []
        self._lines_width = -1

    @property
    def plain(self) -> str:
        """The whole content as text."""
        return "\n".join(line.plain for line in self._wrapped(max(1, self.content_size.width)))

    def show(self, *sections: TextSection) -> None:
        """Show other sections."""
        if sections == self._sections:
            return
        height, width = len(self._lines), self.content_size.width
        self._sections, self._lines_width = sections, -1
        # Before the first layout the width is 0, and every letter would be a line.
        self.refresh(layout=not width or len(self._wrapped(width)) != height)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines in `width` cells."""
        return len(self._wrapped(width))

    def render_line(self, y: int) -> Strip:
        """Return the line `y`."""
        lines, width = self._wrapped(self.content_size.width), self.content_size.width
        if y >= len(lines):
            return Strip.blank(width, self.rich_style)
        return Strip(lines[y].render(self.app.console)).adjust_cell_length(width).apply_style(self.rich_style)

    def _wrapped(self, width: int) -> list[Text]:
        if width != self._lines_width:
            self._lines = list(self._wrap(width))
            self._lines_width = width
        return self._lines

    def _wrap(self, width: int) -> Iterator[Text]:
        room = max(1, width - self._name_width - _GAP)
        for number, section in enumerate(self._sections):
            if number:
                yield Text(end="")
            # As a span: Strip drops a Text's own style.
            yield Text(end="").append_text(terminal_text(section.title, "bold"))
            for name, description in section.rows:
                head = pad(plain(name), self._name_width) + " " * _GAP
                for line in _wrapped_description(description, room, self.app.console):
                    yield Text(head, end="").append_text(line)
                    head = " " * (self._name_width + _GAP)


@lru_cache(maxsize=1024)
def _wrapped_description(description: str, width: int, console: Console) -> tuple[Text, ...]:
    """Return `description` in lines of `width` cells; kept, as pages open again and again with the same ones."""
    return tuple(terminal_text(description, lines=True).wrap(console, width)) or (Text(),)
