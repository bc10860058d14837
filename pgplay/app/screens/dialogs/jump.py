"""Jump mode: every panel shows a letter; pressing it focuses the panel."""

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
    """The letter of one panel, in its upper left corner."""

    def __init__(self, letter: str, position: Offset) -> None:
        super().__init__(f" {letter} ", classes="jump-letter", markup=False)
        self.letter = letter
        self.absolute_offset = position


class JumpScreen(ModalScreen[Widget | None]):
    """Returns the chosen panel; any other key cancels."""

    def __init__(self, panels: Sequence[Widget]) -> None:
        super().__init__()
        self._panels = dict(zip(LETTERS, panels, strict=False))
        self._composed_size = Size()

    def compose(self) -> ComposeResult:
        """Put a letter on each panel."""
        self._composed_size = self.app.size
        for letter, panel in self._panels.items():
            yield Letter(letter, panel.region.offset + Offset(2, 0))

    def on_resize(self) -> None:
        """Close if the panels have moved away from their letters."""
        if self.app.size != self._composed_size:
            self.dismiss(None)

    def on_key(self, event: Key) -> None:
        """Choose the panel of the pressed letter."""
        event.stop()
        self.dismiss(self._panels.get(event.key))

    @on(Click)
    def _clicked(self, event: Click) -> None:
        self.dismiss(self._panels.get(event.widget.letter) if isinstance(event.widget, Letter) else None)
