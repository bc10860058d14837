"""The last line: as many keys as fit, the most useful first."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.events import Click
from textual.widget import Widget

from pgplay.app.actions import ACTIONS, Action, do
from pgplay.app.state.app_state import AppState

GAP = 3
PALETTE = ("^p", "everything")
_NAMES = {
    "training": "pause",
    "preparing": "pause",
    "paused": "resume",
    "solved": "start again",
    "finished": "start again",
    "failed": "start again",
}


class KeysLine(Widget):
    """The clickable keys, made from the registry."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"keys--key", "keys--title"}

    def __init__(self) -> None:
        super().__init__(id="keys")
        self._run = "idle"
        self._places: list[tuple[int, int, str]] = []

    def show(self, state: AppState) -> None:
        """Label the space bar with what it would do now."""
        if state.run != self._run:
            self._run = state.run
            self.refresh()

    def render(self) -> Text:
        """Return the keys that fit beside that of the palette, in the registry's order."""
        width = self.content_size.width
        free = width - sum(map(cell_len, PALETTE)) - 1
        kept = []
        for action in sorted((action for action in ACTIONS if action.rank), key=lambda action: action.rank):
            size = cell_len(f"{action.key_display} {self._title(action)}") + GAP
            if size > free:
                break
            free -= size
            kept.append(action)
        line = Text(no_wrap=True, end="")
        self._places = []
        for action in ACTIONS:
            if action in kept:
                self._append(line, action.key_display, self._title(action), do(action.name))
                line.append(" " * GAP)
        line.append(" " * max(0, width - line.cell_len - sum(map(cell_len, PALETTE)) - 1))
        self._append(line, *PALETTE, "command_palette")
        line.truncate(max(0, width))
        return line

    def _title(self, action: Action) -> str:
        return _NAMES.get(self._run, "start") if action.name == "toggle_run" else action.title

    def _append(self, line: Text, key: str, title: str, action: str) -> None:
        start = line.cell_len
        line.append(key, self.get_component_rich_style("keys--key", partial=True)).append(" ")
        line.append(title, self.get_component_rich_style("keys--title", partial=True))
        self._places.append((start, line.cell_len, action))

    async def on_click(self, event: Click) -> None:
        """Run the clicked action."""
        at = event.get_content_offset(self)
        for start, end, action in self._places:
            if at is not None and start <= at.x < end:
                await self.app.run_action(action)
