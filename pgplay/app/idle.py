"""Work for idle moments, so that no key press waits for it: loading modules and collecting garbage.

Otherwise the first opening of a page waits for its modules (20 ms), the first curve for plotext (200 ms), and any key
for a garbage collection (20 ms).
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
"""Seconds without key or mouse after which the app is idle."""

AFTERWARDS = 1.0
"""Seconds until garbage is collected again, at most `MOST_LOOKS` times."""
MOST_LOOKS = 2

THRESHOLDS = (10_000, 10, 10)
"""Python's own are 700, 10, 10, with which opening one page would traverse all objects."""

WHEN_DRAWN = ("textual.scrollbar", "rich._emoji_codes", "pygments.lexers.python", "concurrent.futures.thread")
"""Modules that pages import only when they draw or read."""


class SpareTime:
    """Loads modules in the background, and collects garbage after a page was closed, once the app is idle."""

    def __init__(self, app: App[Any], runs: RunLibrary) -> None:
        self._app, self._runs = app, runs
        self._has_begun = self._is_waiting = False
        self._ending = threading.Event()
        self._disturbed = 0.0
        self._looks_left = 0

    def begin(self) -> None:
        """Begin, after the first frame; the objects that exist by then are excluded from garbage collection."""
        self._has_begun = True
        gc.set_threshold(*THRESHOLDS)
        gc.freeze()
        threading.Thread(target=self._load, name="loading").start()

    def end(self) -> None:
        """Stop loading, as the process waits for its threads."""
        self._ending.set()

    def disturb(self) -> None:
        """Note a key press or mouse event."""
        self._disturbed = time.monotonic()

    def collect(self) -> None:
        """Collect garbage in the next pause, and again while there is some, as a task may hold a page for a while."""
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
            with suppress(ImportError):  # reported where the module is needed
                importlib.import_module(name)
        with suppress(PgplayError):  # the same
            self._runs.summaries()  # reads changed stores ahead of the page of runs
