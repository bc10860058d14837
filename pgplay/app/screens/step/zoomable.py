"""Screens with several panels; the focused one can be shown full size."""

from __future__ import annotations

from textual.binding import Binding
from textual.screen import Screen

from pgplay.app.actions import LOOKS

ENLARGE = Binding(
    "b", "enlarge", "full size", show=False, id=f"{LOOKS}enlarge", tooltip="Show the focused panel full size."
)


class Zoomable(Screen[None]):
    """The key b shows the focused panel full size; Escape first restores the panels."""

    ESCAPE_TO_MINIMIZE = False  # Textual would restore the panels before it leaves a text field

    def action_enlarge(self) -> None:
        """Show the focused panel full size, or restore all panels."""
        if self.maximized is not None:
            self.minimize()
        elif self.focused is not None:
            self.maximize(self.focused, container=False)

    def action_back(self) -> None:
        """Restore the panels, or close the screen."""
        if self.maximized is not None:
            self.minimize()
        else:
            self.dismiss()
