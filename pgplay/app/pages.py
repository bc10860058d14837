"""The stack of pages: one that is left leaves nothing behind, and the main one stays."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any
from weakref import ReferenceType, ref

from textual import events
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.widget import Widget
from textual.widgets import Input, TextArea

BURST = 256
"""The most keys that come at once, such as a text that a terminal pastes without saying so."""


class Pages(App[int]):
    """An app with a main page under all others."""

    def __init__(self) -> None:
        super().__init__()
        self._typed_ahead: list[events.Key | events.Paste] = []
        """What was typed for the uppermost page while that one was being laid out."""
        self._addressed: deque[tuple[events.Key | events.Paste, ReferenceType[Widget]]] = deque(maxlen=BURST)
        """The newest keys and pastes, each with the widget that had the focus when it came."""

    def push_screen(self, *page: Any, **options: Any) -> Any:
        """Show another page; what was said about the present one goes, as it would cover the hints of the next."""
        self.clear_notifications()
        pushed = super().push_screen(*page, **options)
        self.screen.call_later(self._hand_over)
        return pushed

    def pop_screen(self) -> AwaitComplete:
        """Leave the uppermost screen; the main one stays.

        Of two quick presses of escape, the second reaches a screen that is leaving already, and Textual would pop
        another one, in the end the main screen, and stop.
        """
        if len(self.screen_stack) < 2:
            return AwaitComplete()
        self._typed_ahead.clear()
        for widget in self.screen.walk_children(Widget, with_self=True):
            widget.refresh()  # forgets the lines it drew; a cache in Textual (8.2.8) keeps them from being let go
        return AwaitComplete(self._let_go_of(super().pop_screen()))

    async def _let_go_of(self, closing: AwaitComplete) -> None:
        """Have what was closed let go of, once it is."""
        await closing
        self.collect()

    def collect(self) -> None:
        """Let go of what was closed."""

    async def on_event(self, event: events.Event) -> None:
        """Give what is typed to the page and the field that are in front once the keys before it have had their effect.

        Textual hands a burst of keys to the widget in focus before that one has done what the first of them says. What
        comes back from there, as that widget did not take it, would be dropped or count as a key of the new page.
        """
        if not isinstance(event, events.Key | events.Paste):
            await super().on_event(event)
        elif self._typed_ahead or self._is_opening:
            self._typed_ahead.append(event)
        else:
            await self._pass_on(typed_anew(event) if self._is_late(event) else event)

    async def _pass_on(self, typed: events.Key | events.Paste) -> None:
        if not typed.is_forwarded:
            self._addressed.append((typed, ref(self.focused or self.screen)))
        await super().on_event(typed)
        await asyncio.sleep(0)  # the next key meets the effect of this one, such as a dialog

    def _is_late(self, typed: events.Key | events.Paste) -> bool:
        """Whether it was handed to another widget than the field that has the focus by now."""
        if not (typed.is_forwarded and isinstance(self.focused, Input | TextArea)):
            return False
        return any(event is typed and receiver() is not self.focused for event, receiver in self._addressed)

    @property
    def _is_opening(self) -> bool:
        return len(self.screen_stack) > 1 and not self.screen.is_mounted

    async def _hand_over(self) -> None:
        """Give the page that is laid out now what was typed for it, in the order of typing."""
        while self._typed_ahead and not self._is_opening:
            typed = min(self._typed_ahead, key=lambda event: event.time)
            await self._pass_on(typed_anew(typed))
            if typed in self._typed_ahead:  # a page that it closed has forgotten the others
                self._typed_ahead.remove(typed)


def typed_anew(typed: events.Key | events.Paste) -> events.Key | events.Paste:
    """Return what was typed as if it came just now."""
    return events.Paste(typed.text) if isinstance(typed, events.Paste) else typed.copy()
