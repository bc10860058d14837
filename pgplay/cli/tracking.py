"""`--track`: a run in a tracker while it trains, written by a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from pgplay.cli.output import note

if TYPE_CHECKING:
    from pgplay.trackers.process import TrackerProcess

_PATIENCE = 5.0  # seconds that the command waits for its tracker to catch up


class Tracking:
    """The tracker of one run, named by `--track` (None: no tracker); use it in a `with`.

    At the end it waits a few seconds for the tracker to catch up, and notes what was not written. Raises InputError for
    an unknown tracker or a missing package, PgplayError where the tracker's place can't be written.
    """

    def __init__(self, text: str | None) -> None:
        self._process: TrackerProcess | None = None
        self._choice = None
        if text is not None:
            from pgplay.trackers.catalogue import read_tracker

            self._choice = read_tracker(text)
            self._choice.check()
        self._run = ""

    def follow(self, run: str, say: Callable[[str], None]) -> None:
        """Start the process that follows the run called `run`; training goes on where that fails."""
        if self._choice is None:
            return
        from pgplay.trackers.process import TrackerProcess

        self._run = run
        try:
            self._process = TrackerProcess(run, self._choice)
        except OSError as error:
            say(f"The tracker did not start: {error.strerror or error}. {self._to_export()}")
        else:
            say(f"Tracked in {self._choice}. To look at it: {self._choice.to_look}")

    def __enter__(self) -> Tracking:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is None:
            return
        problem = self._process.finish(_PATIENCE)
        if problem is None:
            note("The tracker is still writing; it ends by itself.")
        elif problem:
            note(f"The tracker failed: {problem} {self._to_export()}")

    def _to_export(self) -> str:
        return f"To write the run again: pgplay runs export {self._run} --to {self._choice}"
