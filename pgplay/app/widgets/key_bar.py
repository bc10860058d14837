"""The last line: the keys that are most useful in the run's state, as many as fit."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.text import Text
from textual.events import Click
from textual.widget import Widget

from pgplay.app.actions import ACTIONS, LINE_OF_KEYS, do
from pgplay.app.state.app_state import AppState
from pgplay.worker.protocol.records import RunState

_GAP = 3
_TOGGLES: dict[RunState, str] = {"idle": "start", "preparing": "pause", "training": "pause", "paused": "resume"}
"""What the space bar does; in the other states it starts again."""


class Key(NamedTuple):
    """One entry of the line; `action` is in Textual's words."""

    key: str
    title: str
    action: str

    @property
    def width(self) -> int:
        """Cells that it takes."""
        return cell_len(f"{self.key} {self.title}")


_BY_NAME = {action.name: Key(action.key_display, action.title, do(action.name)) for action in ACTIONS}
ALWAYS = (_BY_NAME["help"], Key("^p", "search", "command_palette"), _BY_NAME["quit"])
"""The keys at the right end, in every state."""


class KeysLine(Widget):
    """The clickable keys, made from the registry."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"keys--key", "keys--title"}

    def __init__(self) -> None:
        super().__init__(id="keys")
        self._run: RunState = "idle"
        self._places: list[tuple[int, int, str]] = []

    def show(self, state: AppState) -> None:
        """Show the keys of the run's state."""
        if state.shown_run != self._run:
            self._run = state.shown_run
            self.refresh()

    def render(self) -> Text:
        """Return the keys of this state that fit beside those at the right end."""
        width = self.content_size.width
        free = width - sum(key.width + _GAP for key in ALWAYS) + _GAP
        line = Text(no_wrap=True, end="")
        self._places = []
        for name in LINE_OF_KEYS[self._run]:
            key = _BY_NAME[name]
            if name == "toggle_run":
                key = key._replace(title=_TOGGLES.get(self._run, "start again"))
            if line.cell_len + key.width + _GAP > free:
                break
            self._append(line, key)
            line.append(" " * _GAP)
        line.append(" " * max(0, free - line.cell_len))
        for place, key in enumerate(ALWAYS):
            line.append(" " * _GAP if place else "")
            self._append(line, key)
        line.truncate(max(0, width))
        return line

    def _append(self, line: Text, key: Key) -> None:
        start = line.cell_len
        line.append(key.key, self.get_component_rich_style("keys--key", partial=True)).append(" ")
        line.append(key.title, self.get_component_rich_style("keys--title", partial=True))
        self._places.append((start, line.cell_len, key.action))

    async def on_click(self, event: Click) -> None:
        """Run the clicked action."""
        at = event.get_content_offset(self)
        for start, end, action in self._places:
            if at is not None and start <= at.x < end:
                await self.app.run_action(action)
