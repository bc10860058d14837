"""The stack of pages: one that is left leaves nothing behind, and the main one stays."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.await_complete import AwaitComplete
from textual.widget import Widget


class Pages(App[int]):
    """An app with a main page under all others."""

    def push_screen(self, *page: Any, **options: Any) -> Any:
        """Show another page; what was said about the present one goes, as it would cover the hints of the next."""
        self.clear_notifications()
        return super().push_screen(*page, **options)

    def pop_screen(self) -> AwaitComplete:
        """Leave the uppermost screen; the main one stays.

        Of two quick presses of escape, the second reaches a screen that is leaving already, and Textual would pop
        another one, in the end the main screen, and stop.
        """
        if len(self.screen_stack) < 2:
            return AwaitComplete()
        for widget in self.screen.walk_children(Widget, with_self=True):
            widget.refresh()  # forgets the lines it drew; a cache in Textual (8.2.8) keeps them from being let go
        return AwaitComplete(self._let_go_of(super().pop_screen()))

    async def _let_go_of(self, closing: AwaitComplete) -> None:
        """Have what was closed let go of, once it is."""
        await closing
        self.collect()

    def collect(self) -> None:
        """Let go of what was closed."""
