"""Bases of screens: dialogs over another screen, and the line of keys."""

from __future__ import annotations

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
    """A screen over another one. The app's keys do not reach it, so it binds those that always work."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", do("help"), "help", show=False),
        Binding("ctrl+c", do("interrupt"), show=False),
        Binding("ctrl+q", "app.quit", "quit", show=False, priority=True),
    ]

    PASTE_INTO: ClassVar[str] = ""
    """The field of a page that asks for a text to be pasted."""

    def __init__(self, *, classes: str = "") -> None:
        super().__init__(classes=f"dialog-screen {classes}")

    def on_paste(self, event: events.Paste) -> None:
        """Put what is pasted while no field has the focus into the field for it, beside what stands there."""
        if not self.PASTE_INTO or not event.text:
            return
        field = self.query_one(self.PASTE_INTO, Input)
        field.focus()
        field.insert_text_at_cursor(event.text.splitlines()[0])


BACK = Binding("escape", "dismiss", "back", key_display="esc")
"""The last key of a full screen."""


WAYS_OUT = (BACK.key, "question_mark")


class Keys(Footer):
    """The keys of a full screen; clicking one does the same."""

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)

    def compose(self) -> ComposeResult:
        """Lay out the keys; those that leave the screen come first if not all fit, so they are never cut off."""
        keys = [key for key in super().compose() if isinstance(key, FooterKey)]
        needed = sum(cell_len(f"{key.key_display} {key.description} ") for key in keys) - 1
        yield from sorted(keys, key=lambda key: key.key not in WAYS_OUT) if needed > self.app.size.width else keys

    def on_resize(self) -> None:
        """Lay out the keys again for the current width."""
        self.refresh(recompose=True)

    def explain(self) -> Explanation:
        """Return what the line is for."""
        return PANELS["keys"]
