"""The question before Python written by others runs: its text and hash, asked once."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from pgplay.app.drawing.terminal_text import terminal_text
from pgplay.app.screens.dialogs.base import Dialog
from pgplay.app.widgets.code_area import CodeArea
from pgplay.locale.catalog import text_of
from pgplay.rewards.spec import Origin, digest


class ConsentDialog(Dialog[bool]):
    """Returns whether the person allows `source`, which comes from `origin`, to run; Escape means no."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(False)", "No")]
    AUTO_FOCUS = "#no"

    def __init__(self, source: str, origin: Origin) -> None:
        super().__init__()
        self._source, self._origin = source, origin

    def compose(self) -> ComposeResult:
        """Compose the dialog."""
        with Vertical(id="consent", classes="dialog -consent") as dialog:
            dialog.border_title = "Python that is not yours"
            origin = text_of(*self._origin.text)
            question = f"The reward of {origin} is Python. It would run on this machine with your permissions."
            yield Static(terminal_text(question), classes="words")
            yield CodeArea(self._source, read_only=True)
            yield Static(terminal_text(f"sha256 {digest(self._source)}", lines=True), classes="note")
            with Horizontal(classes="buttons"):
                yield Button("Do not run it", id="no")
                yield Button("Run it, and do not ask again", id="yes", variant="error")

    @on(Button.Pressed)
    def _answered(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")
