"""The printed lines of rewards, newest at the bottom."""

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
        self._lines_shown = -1

    def on_mount(self) -> None:
        """Show the log so far, and keep following it."""
        self._look()
        self.set_interval(LOOK_SECONDS, self._look)

    def on_resize(self, event: Resize) -> None:
        """Wrap the hint again; the first layout may be narrower."""
        if not self._state.lines_noted:
            self._lines_shown = -1
            self.call_after_refresh(self._look)

    def _look(self) -> None:
        count = self._state.lines_noted
        if count == self._lines_shown:
            return
        if self._lines_shown <= 0:
            self.clear()
        new = min(count - max(self._lines_shown, 0), len(self._state.log))
        self._lines_shown = count
        for line in list(self._state.log)[len(self._state.log) - new :]:
            self.write(terminal_text(line))
        if not count:
            self.write(Text("What the reward prints appears here.", "dim"))
