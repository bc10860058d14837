"""When the state is shown: at once after what a person did, seldom enough while numbers stream in that keys stay quick.

A redraw takes some 20 to 60 ms of the only thread that also takes keys. So the numbers are shown at most ten times a
second, and never for more than a fifth of the time: on a slow machine they come less often, and keys do not wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from textual.app import App

INTERVAL = 0.1
"""Seconds at least between two redraws of numbers that stream in."""
SHARE_OF_TIME = 0.2


class Redrawing:
    """Calls `show` for the app when something is to be shown."""

    def __init__(self, app: App[Any], show: Callable[[], None]) -> None:
        self._app = app
        self._show = show
        self._next = 0.0
        self._waits = False
        self._comes_at_once = False

    @property
    def is_due(self) -> bool:
        """Whether something changed since the state was shown last."""
        return self._waits or self._comes_at_once

    def soon(self) -> None:
        """Show the state when it is its turn."""
        if not self.is_due:
            self._waits = True
            self._app.set_timer(max(0.001, self._next - time.monotonic()), self._take_turn)

    def at_once(self) -> None:
        """Show the state before anything else is done."""
        if not self._comes_at_once:
            self._comes_at_once = True
            self._app.call_later(self._redraw)

    def _take_turn(self) -> None:
        if self._waits and not self._comes_at_once:
            self._redraw()
        self._waits = False

    def _redraw(self) -> None:
        if not self._app.screen_stack:  # the app is ending
            return
        began = time.monotonic()
        self._waits = self._comes_at_once = False
        self._next = began + INTERVAL
        self._show()
        self._app.screen.call_after_refresh(self._note_cost, began)

    def _note_cost(self, began: float) -> None:
        ended = time.monotonic()
        self._next = max(began + INTERVAL, ended + (ended - began) * (1 / SHARE_OF_TIME - 1))
