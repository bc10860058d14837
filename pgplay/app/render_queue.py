"""When the state is drawn: at once after a person's action, and rarely enough during training that keys stay quick.

Drawing everything takes 20 to 60 ms of the thread that also takes keys. So it is drawn in parts, one per frame: a key
waits for one part at most. During training the parts take turns, in at most a fifth of the time.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from typing import Any

from textual.app import App

from pgplay.app.messages import PARTS, Part

FRAME = 0.01
"""Seconds between two parts that are shown at once, a little more than a frame of Textual's."""
_INTERVAL = 0.05
"""Minimum seconds between two turns."""
_LONGEST_INTERVAL = 0.5
"""Maximum seconds between two turns; other work since the last one, such as opening a page, does not delay further."""
_SHARE_OF_TIME = 0.2


class RenderQueue:
    """Calls `show` with each part that is due."""

    def __init__(self, app: App[Any], show: Callable[[Part], None]) -> None:
        self._app = app
        self._show = show
        self._hurried: tuple[Part, ...] = ()
        self._turns = itertools.cycle(PARTS)
        self._turns_left = 0
        self._has_timer = False
        self._next = 0.0
        self._spent = math.inf  # the work before the first turn was not drawing

    @property
    def is_due(self) -> bool:
        """Whether a change is not shown yet."""
        return bool(self._turns_left or self._hurried)

    def soon(self) -> None:
        """Show the state part by part, each in its turn."""
        self._turns_left = len(PARTS)
        self._set_timer()

    def at_once(self, *parts: Part) -> None:
        """Show `parts` of the state, by default all, before anything else."""
        is_under_way = bool(self._hurried)
        hurried = {*self._hurried, *(parts or PARTS)}
        self._hurried = tuple(part for part in PARTS if part in hurried)
        if not is_under_way:
            self._app.call_later(self._hurry)

    def _hurry(self) -> None:
        part, *rest = self._hurried
        self._hurried = tuple(rest)
        self._redraw(part)
        if rest:
            self._app.set_timer(FRAME, self._hurry)

    def _set_timer(self) -> None:
        if self._turns_left and not self._has_timer:
            self._has_timer = True
            self._app.set_timer(max(0.001, self._next - time.monotonic()), self._take_turn)

    def _take_turn(self) -> None:
        self._has_timer = False
        if not self._hurried:
            self._turns_left -= 1
            self._redraw(next(self._turns))
        self._set_timer()

    def _redraw(self, part: Part) -> None:
        if not self._app.screen_stack:  # the app is ending
            return
        # This thread's work since the last turn was mostly drawing it, which happens after a turn.
        before, self._spent = self._spent, time.thread_time()
        self._next = time.monotonic() + min(_LONGEST_INTERVAL, max(_INTERVAL, (self._spent - before) / _SHARE_OF_TIME))
        self._show(part)
