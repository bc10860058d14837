"""Signal health in full: the meaning of each number, what to try, and the key for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.events import Key
from textual.widgets import Static

from pgplay.app.drawing.terminal_text import terminal_text
from pgplay.app.messages import LooksChanged, StateShown
from pgplay.app.screens.dialogs.base import CLOSES, Dialog
from pgplay.app.state.app_state import AppState
from pgplay.app.widgets.signals import HEALTH_COMPONENTS, NO_SIGNALS, signal_lines, styles_of
from pgplay.locale.catalog import finding_text

_LEGEND = "● fine   ▲ worth watching   ✗ out of range. Means of the last steps; the limits are rules of thumb."


class HealthScreen(Dialog[None]):
    """Follows the run; a number key applies the suggestion beside it through `change`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = HEALTH_COMPONENTS
    BINDINGS: ClassVar[list[BindingType]] = [("escape,d,q", "dismiss", "Close")]
    AUTO_FOCUS = "#health-page"

    def __init__(self, state: AppState, change: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(classes="-page")
        self._state = state
        self._change = change
        self._suggestions: list[dict[str, Any]] = []

    def compose(self) -> ComposeResult:
        """Compose the page."""
        with VerticalScroll(id="health-page", classes="dialog page -wide") as dialog:
            dialog.border_title = "Signal health"
            dialog.border_subtitle = CLOSES
            yield Static(_LEGEND, classes="words")
            yield Static(id="health-signals", classes="words")
            yield Static(id="health-findings", classes="words")

    def on_resize(self) -> None:
        """Show the current signals, fitted to the width."""
        self.call_after_refresh(self._show)

    @on(LooksChanged)
    @on(StateShown)
    def _show(self) -> None:
        signals = self._state.signals
        with_suggestion = [signal for signal in signals if signal.settings]
        self._suggestions = [dict(signal.settings or {}) for signal in with_suggestion]
        keys = {signal.metric: str(number) for number, signal in enumerate(with_suggestion, start=1)}
        width = self.query_one("#health-page").scrollable_content_region.width
        lines = signal_lines(signals, styles_of(self), width, keys) or [Text(NO_SIGNALS)]
        self.query_one("#health-signals", Static).update(Text("\n").join(lines))
        findings = [f"{finding_text(finding.kind, finding.values)}" for finding in self._state.findings]
        panel = self.query_one("#health-findings", Static)
        panel.display = bool(findings)
        panel.update(terminal_text("\n\n".join(findings), lines=True))

    def on_key(self, event: Key) -> None:
        """Apply the suggestion of the pressed number."""
        if event.key.isdecimal() and 1 <= int(event.key) <= len(self._suggestions):
            event.stop()
            self.action_follow(int(event.key))

    def action_follow(self, number: int) -> None:
        """Apply the suggestion of this number."""
        self._change(self._suggestions[number - 1])
