"""The view panel: the keys that change the look of a page, shown at its bottom until one is pressed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Click, Key
from textual.widgets import Static

from pgplay.app.actions import KeyChoice
from pgplay.app.messages import LooksChanged
from pgplay.app.screens.dialogs.base import CLOSES, Dialog

TITLE_WIDTH = 12
EVERY_PAGES = ("escape", "v", "question_mark", "f1", "ctrl+c", "ctrl+q")
"""Keys that work here as on every page."""


class ViewPanel(Dialog[str | None]):
    """Returns the action of the chosen key; escape and any other key cancel."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,v", "dismiss(None)", "Close")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"keys--key", "keys--title"}
    AUTO_FOCUS = ""

    def __init__(self, choices: Sequence[KeyChoice]) -> None:
        super().__init__(classes="-bottom")
        self._choices = choices

    def compose(self) -> ComposeResult:
        """Compose the panel."""
        with Vertical(id="view-panel", classes="dialog") as panel:
            panel.border_title = "View"
            panel.border_subtitle = CLOSES
            yield Static(id="view-choices")

    def on_mount(self) -> None:
        """Write the lines."""
        self._write_lines()

    @on(LooksChanged)
    def _write_lines(self) -> None:
        """Write one line per key in the theme's colours."""
        key, title = (self.get_component_rich_style(f"keys--{name}", partial=True) for name in ("key", "title"))
        lines = [
            Text.assemble((f"{choice.key}  ", key), f"{choice.title:<{TITLE_WIDTH}}", (choice.help, title))
            for choice in self._choices
        ]
        self.query_one(Static).update(Text("\n", no_wrap=True, overflow="ellipsis").join(lines))

    def on_key(self, event: Key) -> None:
        """Return the action of the pressed key."""
        by_key = {choice.key: choice.action for choice in self._choices}
        if event.key not in EVERY_PAGES:
            event.stop()
            self.dismiss(by_key.get(event.key))

    @on(Click, "#view-choices")
    def _clicked(self, event: Click) -> None:
        self.dismiss(self._choices[event.y].action)
