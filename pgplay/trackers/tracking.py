"""Runs in a tracker while they train, each written by a process of its own: `--track`."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from pgplay.locale.catalog import text_of
from pgplay.trackers.catalogue import read_tracker

if TYPE_CHECKING:
    from pgplay.trackers.process import TrackerProcess

_PATIENCE = 5.0  # seconds to wait at the end for trackers to catch up


class Tracking:
    """The tracker that `text` names (None: no tracker), for any number of runs; use it in a `with`.

    At the end it waits a few seconds for what is still being written. `note` is told what was not written, in a
    sentence with the command that would write it. Raises InputError for an unknown tracker or a missing package,
    PgplayError where the tracker's place can't be written.
    """

    def __init__(self, text: str | None, note: Callable[[str], object]) -> None:
        self._note = note
        self._processes: dict[str, TrackerProcess] = {}
        self._choice = None
        if text is not None:
            self._choice = read_tracker(text)
            self._choice.check()

    @property
    def about(self) -> str:
        """Where runs are tracked and how to look at them, in a sentence; empty without a tracker."""
        if self._choice is None:
            return ""
        return text_of("tracking.about", {"tracker": str(self._choice), "command": self._choice.to_look})

    def follow(self, run: str) -> None:
        """Start the process that follows the run called `run`; training goes on where that fails."""
        if self._choice is None:
            return
        from pgplay.trackers.process import TrackerProcess  # loads asyncio, which no untracked run needs

        try:
            self._processes[run] = TrackerProcess(run, self._choice)
        except OSError as error:
            values = {"reason": error.strerror or str(error), "run": run, "tracker": str(self._choice)}
            self._note(text_of("tracking.not_started", values))

    def end(self, run: str) -> None:
        """Let the process that follows `run`, if any, write what is left and end."""
        if run in self._processes:
            self._processes[run].end()

    def __enter__(self) -> Tracking:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for process in self._processes.values():
            process.end()
        give_up = time.monotonic() + _PATIENCE
        for run, process in self._processes.items():
            problem = process.finish(max(0.0, give_up - time.monotonic()))
            if problem is None:
                self._note(text_of("tracking.still_writing", {"run": run}))
            elif problem:
                self._note(text_of("tracking.failed", {"reason": problem, "run": run, "tracker": str(self._choice)}))
