"""Screens of several panels, of which one at a time can have all the room."""

from __future__ import annotations

from textual.binding import Binding
from textual.screen import Screen

ENLARGE = Binding("b", "enlarge", "full size", tooltip="Give the whole screen to the panel that has the focus.")


class Zoomable(Screen[None]):
    """Does what the main screen's key b does; going back gives the room back first."""

    ESCAPE_TO_MINIMIZE = False  # Textual would, but before a field is left

    def action_enlarge(self) -> None:
        """Give the whole screen to the panel that has the focus, or make it as it was."""
        if self.maximized is not None:
            self.minimize()
        elif self.focused is not None:
            self.maximize(self.focused, container=False)

    def action_back(self) -> None:
        """Make the panels as they were, or leave."""
        if self.maximized is not None:
            self.minimize()
        else:
            self.dismiss()
