"""Jumping to a panel: every panel shows a letter, and pressing it puts the focus there."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.events import Click, Key
from textual.geometry import Offset, Size
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

LETTERS = "asdfghjklqwertyuiopzxcvbnm"


class Letter(Static):
    """The letter of one panel, over its upper left corner."""

    def __init__(self, letter: str, place: Offset) -> None:
        super().__init__(f" {letter} ", classes="jump-letter", markup=False)
        self.letter = letter
        self.absolute_offset = place


class JumpScreen(ModalScreen[Widget | None]):
    """Answers with the chosen panel; any other key leaves."""

    def __init__(self, panels: Sequence[Widget]) -> None:
        super().__init__()
        self._panels = dict(zip(LETTERS, panels, strict=False))
        self._made_for = Size()

    def compose(self) -> ComposeResult:
        """Put a letter on each panel."""
        self._made_for = self.app.size
        for letter, panel in self._panels.items():
            yield Letter(letter, panel.region.offset + Offset(2, 0))

    def on_resize(self) -> None:
        """Leave where the panels have moved from under their letters."""
        if self.app.size != self._made_for:
            self.dismiss(None)

    def on_key(self, event: Key) -> None:
        """Choose the panel of the letter that was pressed."""
        event.stop()
        self.dismiss(self._panels.get(event.key))

    @on(Click)
    def _clicked(self, event: Click) -> None:
        self.dismiss(self._panels.get(event.widget.letter) if isinstance(event.widget, Letter) else None)
