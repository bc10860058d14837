"""The first line of every page: the five places with their keys, the present one marked."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.events import Click
from textual.widget import Widget

from pgplay.app.actions import PLACES, do

_GAP = 2


class Places(Widget):
    """A clickable line. `place` names the present place, `page` is the number of its page, -1 for none of its round."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"places--here", "places--key", "places--title", "places--muted"}

    def __init__(self, place: str, page: int = -1) -> None:
        super().__init__(id="places")
        self.place, self.page = place, page
        self._spans: list[tuple[int, int, str]] = []

    def render(self) -> Text:
        """Return the places and, if there is room, the next page of the present one."""
        width = self.content_size.width
        here, key, title, muted = (
            self.get_component_rich_style(f"places--{name}", partial=True) for name in ("here", "key", "title", "muted")
        )
        line = Text(no_wrap=True, end="")
        self._spans = []
        for place in PLACES:
            start = line.cell_len
            styles = (here, here) if place.name == self.place else (key, title)
            line.append(f" {place.key} ", styles[0]).append(f"{place.title} ", styles[1])
            self._spans.append((start, line.cell_len, do(place.name)))
            line.append(" " * _GAP)
        hint = Text(self._next_page)
        if hint and line.cell_len + hint.cell_len <= width:
            line.append(" " * (width - line.cell_len - hint.cell_len)).append(hint.plain, muted)
        line.truncate(max(0, width))
        return line

    @property
    def _next_page(self) -> str:
        """The page that the present place's key opens next; empty if it is this one."""
        present = next(place for place in PLACES if place.name == self.place)
        page = present.pages[(self.page + 1) % len(present.pages)]
        return f"{present.key}: {page}" if len(present.pages) > 1 or self.page < 0 else ""

    async def on_click(self, event: Click) -> None:
        """Go to the clicked place."""
        offset = event.get_content_offset(self)
        for start, end, action in self._spans:
            if offset is not None and start <= offset.x < end:
                await self.app.run_action(action)
