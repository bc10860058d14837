"""Bases of screens: dialogs over another screen, and the line of keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, ScreenResultType
from textual.widgets import Footer, Input
from textual.widgets._footer import FooterKey

from pgplay.app.actions import do
from pgplay.app.help.explanations import PANELS, Explanation

CLOSES = " [@click=screen.dismiss]escape closes[/] "
"""The clickable lower border of a dialog without buttons."""


class Dialog(ModalScreen[ScreenResultType]):
    """A screen over another one. It binds the keys that always work, as the app's keys do not reach it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", do("help"), "help", show=False),
        Binding("ctrl+c", do("interrupt"), show=False),
        Binding("ctrl+q", "app.quit", "quit", show=False, priority=True),
    ]

    PASTE_INTO: ClassVar[str] = ""
    """The field that takes pasted text while no field has the focus; empty for none."""

    def __init__(self, *, classes: str = "") -> None:
        super().__init__(classes=f"dialog-screen {classes}")

    def on_paste(self, event: events.Paste) -> None:
        """Insert the first pasted line into the field for it."""
        if not self.PASTE_INTO or not event.text:
            return
        event.stop()
        field = self.query_one(self.PASTE_INTO, Input)
        field.focus()
        field.insert_text_at_cursor(event.text.splitlines()[0])


BACK = Binding("escape", "dismiss", "back", key_display="esc")
"""The last key of a full screen."""


FILTER = Binding("slash", "filter", "filter", key_display="/")
LEAVE = Binding("escape", "leave", "back", key_display="esc")
"""The keys that open a list's filter, and that clear the filter or leave the page."""


WAYS_OUT = (BACK.key, "question_mark", "f1")
"""The keys that leave or explain a page; F1 explains it also from a field, which takes ? as text."""


class Keys(Footer):
    """The line of keys of a full screen; they can be clicked."""

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)

    def compose(self) -> ComposeResult:
        """Lay out the keys that fit; if some do not, the ways out come first."""
        keys = [key for key in super().compose() if isinstance(key, FooterKey)]
        if self._overflows(keys):
            keys.sort(key=lambda key: key.key not in WAYS_OUT)
            while self._overflows(keys):
                keys.pop()
        yield from keys

    def _overflows(self, keys: Sequence[FooterKey]) -> bool:
        """Return whether `keys` are wider than the screen; gaps and margins are those of styles/app.tcss."""
        narrow = self.screen.has_class("-narrow")
        width = sum(cell_len(f"{key.key_display} {key.description}") + (1 if narrow else 2) for key in keys)
        return width + (-1 if narrow else 0) > self.app.size.width

    def on_resize(self) -> None:
        """Lay out the keys again for the current width."""
        self.refresh(recompose=True)

    def explain(self) -> Explanation:
        """Return the explanation of the line."""
        return PANELS["keys"]
