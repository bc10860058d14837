"""What is done while nobody presses a key, so that no key waits for it: loading, and looking for garbage.

A first opening would wait for its page's modules (20 ms), the first curve for plotext (200 ms), and whichever key comes
when Python looks for garbage for all that it looks through (20 ms).
"""

from __future__ import annotations

import gc
import importlib
import pkgutil
import threading
import time
from contextlib import suppress
from typing import Any

from textual.app import App

from pgplay.app import screens
from pgplay.errors import PgplayError
from pgplay.runs.run_library import RunLibrary

PAUSE = 0.25
"""Seconds without a key or the mouse after which nobody is at either."""

AFTERWARDS = 1.0
"""Seconds until garbage is looked for again, at most `MOST_LOOKS` times."""
MOST_LOOKS = 2

THRESHOLDS = (10_000, 10, 10)
"""Python's own are 700, 10, 10: within one page that is opened it would look through all objects there are."""

WHEN_DRAWN = ("textual.scrollbar", "rich._emoji_codes", "pygments.lexers.python", "concurrent.futures.thread")
"""What pages import only when they draw, or read beside the screen's thread."""


class SpareTime:
    """Loads beside what goes on, and looks for garbage when a page was closed and nothing is pressed any more."""

    def __init__(self, app: App[Any], runs: RunLibrary) -> None:
        self._app, self._runs = app, runs
        self._has_begun = self._is_waiting = False
        self._ending = threading.Event()
        self._disturbed = 0.0
        self._looks_left = 0

    def begin(self) -> None:
        """Begin, once the first frame stands; what stands by now is never looked through again."""
        self._has_begun = True
        gc.set_threshold(*THRESHOLDS)
        gc.freeze()
        threading.Thread(target=self._load, name="loading").start()

    def end(self) -> None:
        """Load nothing more: the process ends only once its threads have."""
        self._ending.set()

    def disturb(self) -> None:
        """Take note that somebody is there."""
        self._disturbed = time.monotonic()

    def collect(self) -> None:
        """Have garbage collected in the next pause, and again while there is some: a task may hold a page a while."""
        self._looks_left = MOST_LOOKS
        if self._has_begun and not self._is_waiting:
            self._wait(PAUSE)

    def _wait(self, seconds: float) -> None:
        self._is_waiting = True
        self._app.set_timer(seconds, self._collect)

    def _collect(self) -> None:
        self._is_waiting = False
        if time.monotonic() - self._disturbed < PAUSE:
            self.collect()
        elif gc.collect() and self._looks_left:
            self._looks_left -= 1
            self._wait(AFTERWARDS)

    def _load(self) -> None:
        pages = (page.name for page in pkgutil.walk_packages(screens.__path__, f"{screens.__name__}."))
        for name in ("pgplay.app.drawing.line_chart", *pages, *WHEN_DRAWN):
            if self._ending.is_set():
                return
            with suppress(ImportError):  # it is told where it is needed
                importlib.import_module(name)
        with suppress(PgplayError):  # the same
            self._runs.summaries()  # reads the stores that have changed, so that the page of runs need not
