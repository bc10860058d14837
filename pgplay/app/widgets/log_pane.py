"""The output of rewards, line by line, newest at the bottom."""

from __future__ import annotations

from rich.text import Text
from textual.events import Resize
from textual.widgets import RichLog

from pgplay.app.drawing.terminal_text import terminal_text
from pgplay.app.state.app_state import LOG_LINES, AppState

LOOK_SECONDS = 0.1


class LogPane(RichLog):
    """Follows the state's log."""

    def __init__(self, state: AppState) -> None:
        super().__init__(id="printed", classes="panel", max_lines=LOG_LINES, min_width=1, wrap=True)
        self.border_title = "Printed"
        self.can_focus = False
        self._state = state
        self._seen = -1

    def on_mount(self) -> None:
        """Show the log so far, and keep following it."""
        self._look()
        self.set_interval(LOOK_SECONDS, self._look)

    def on_resize(self, event: Resize) -> None:
        """Wrap the hint again: the first layout may have had less width."""
        if not self._state.lines_noted:
            self._seen = -1
            self.call_after_refresh(self._look)

    def _look(self) -> None:
        noted = self._state.lines_noted
        if noted == self._seen:
            return
        if self._seen <= 0:
            self.clear()
        new = min(noted - max(self._seen, 0), len(self._state.log))
        self._seen = noted
        for line in list(self._state.log)[len(self._state.log) - new :]:
            self.write(terminal_text(line))
        if not noted:
            self.write(Text("What the reward prints appears here.", "dim"))
