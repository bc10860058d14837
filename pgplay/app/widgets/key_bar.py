"""The last line: the most useful keys in the run's state, as many as fit."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.text import Text
from textual.events import Click
from textual.widget import Widget

from pgplay.app.actions import ACTIONS, LINE_OF_KEYS, OF_A_POLICY, do
from pgplay.app.state.app_state import AppState
from pgplay.worker.protocol.records import RunState

_GAP = 3
_TOGGLES: dict[RunState, str] = {"idle": "start", "preparing": "pause", "training": "pause", "paused": "resume"}
"""The effect of the space bar; in the other states it starts a new run."""


class Key(NamedTuple):
    """One key of the line; `action` is written as Textual reads it."""

    key: str
    title: str
    action: str

    @property
    def width(self) -> int:
        """Its width in cells."""
        return cell_len(f"{self.key} {self.title}")


_BY_NAME = {action.name: Key(action.key_display, action.title, do(action.name)) for action in ACTIONS}
ALWAYS = (_BY_NAME["help"], Key("^p", "search", "command_palette"), _BY_NAME["quit"])
"""The keys at the right end, in every state."""


class KeysLine(Widget):
    """The keys of the registry; they can be clicked."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"keys--key", "keys--title"}

    def __init__(self) -> None:
        super().__init__(id="keys")
        self._run: RunState = "idle"
        self._is_search = False
        self._spans: list[tuple[int, int, str]] = []

    def show(self, state: AppState) -> None:
        """Show the keys of the run's state."""
        if (state.shown_run, state.has_search) != (self._run, self._is_search):
            self._run, self._is_search = state.shown_run, state.has_search
            self.refresh()

    def render(self) -> Text:
        """Return the keys of this state that fit beside those at the right end."""
        width = self.content_size.width
        free = width - sum(key.width + _GAP for key in ALWAYS) + _GAP
        line = Text(no_wrap=True, end="")
        self._spans = []
        for name in LINE_OF_KEYS[self._run]:
            if self._is_search and name in OF_A_POLICY:
                continue
            key = _BY_NAME[name]
            if name == "toggle_run":
                key = key._replace(title=_TOGGLES.get(self._run, "start again"))
            if line.cell_len + key.width + _GAP > free:
                break
            self._append(line, key)
            line.append(" " * _GAP)
        line.append(" " * max(0, free - line.cell_len))
        for index, key in enumerate(ALWAYS):
            line.append(" " * _GAP if index else "")
            self._append(line, key)
        line.truncate(max(0, width))
        return line

    def _append(self, line: Text, key: Key) -> None:
        start = line.cell_len
        line.append(key.key, self.get_component_rich_style("keys--key", partial=True)).append(" ")
        line.append(key.title, self.get_component_rich_style("keys--title", partial=True))
        self._spans.append((start, line.cell_len, key.action))

    async def on_click(self, event: Click) -> None:
        """Run the clicked action."""
        offset = event.get_content_offset(self)
        for start, end, action in self._spans:
            if offset is not None and start <= offset.x < end:
                await self.app.run_action(action)
