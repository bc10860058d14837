"""The stack of pages: closed pages are freed, the main page stays."""

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
"""The maximum number of keys in one burst, such as text that a terminal pastes as keys."""


class Pages(App[int]):
    """An app with a main page under all others."""

    def __init__(self) -> None:
        super().__init__()
        self._typed_ahead: list[events.Key | events.Paste] = []
        """Keys and pastes for the top page, typed while it is being laid out."""
        self._addressed: deque[tuple[events.Key | events.Paste, ReferenceType[Widget]]] = deque(maxlen=BURST)
        """The newest keys and pastes, each with the widget that had the focus then."""

    def push_screen(self, *page: Any, **options: Any) -> Any:
        """Show another page, and remove the messages over the present one: they would cover the next one's hints."""
        self.clear_notifications()
        pushed = super().push_screen(*page, **options)
        self.screen.call_later(self._pass_on_typed_ahead)
        return pushed

    def pop_screen(self) -> AwaitComplete:
        """Close the top screen; the main one stays.

        The second of two quick presses of escape reaches a screen that is already closing: Textual would pop another
        one, in the end the main screen, and stop.
        """
        if len(self.screen_stack) < 2:
            return AwaitComplete()
        self._typed_ahead.clear()
        for widget in self.screen.walk_children(Widget, with_self=True):
            widget.refresh()  # forgets its drawn lines; through a cache in Textual (8.2.8) they keep it in memory
        return AwaitComplete(self._collect_after(super().pop_screen()))

    async def _collect_after(self, closing: AwaitComplete) -> None:
        """Free the memory of a page once it is closed."""
        await closing
        self.collect()

    def collect(self) -> None:
        """Free the memory of closed pages."""

    async def on_event(self, event: events.Event) -> None:
        """Pass keys and pastes to the page and field that have the focus once the keys before them have taken effect.

        Textual passes a burst of keys to the focused widget before the first of them has taken effect. Those that this
        widget does not use would be dropped, or count as keys of the new page.
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
        """Whether it was passed to another widget than the field that has the focus now."""
        if not (typed.is_forwarded and isinstance(self.focused, Input | TextArea)):
            return False
        return any(event is typed and receiver() is not self.focused for event, receiver in self._addressed)

    @property
    def _is_opening(self) -> bool:
        return len(self.screen_stack) > 1 and not self.screen.is_mounted

    async def _pass_on_typed_ahead(self) -> None:
        """Pass the keys and pastes typed early to the page, now laid out, in the order of typing."""
        while self._typed_ahead and not self._is_opening:
            typed = min(self._typed_ahead, key=lambda event: event.time)
            await self._pass_on(typed_anew(typed))
            if typed in self._typed_ahead:  # not if it closed the page, which forgets all of them
                self._typed_ahead.remove(typed)


def typed_anew(typed: events.Key | events.Paste) -> events.Key | events.Paste:
    """Return `typed` as a new event."""
    return events.Paste(typed.text) if isinstance(typed, events.Paste) else typed.copy()
