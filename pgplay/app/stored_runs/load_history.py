"""A stored run's history for the plots: curves, traces, and marks of changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from pgplay.app.state.app_state import RESUMED, words_of_change
from pgplay.app.state.metric_history import CAPACITY, MOST_MARKS, RAW_STEPS, History, Mark, Recollection, Traces
from pgplay.errors import PgplayError
from pgplay.runs.curves import curves_of
from pgplay.runs.reader import LAST_STEP, RunEvent, RunReader

WORDS: dict[str, Callable[[RunEvent], str]] = {
    "change": lambda event: words_of_change(msgspec.json.decode(event.detail, type=dict[str, Any])),
    "branch": lambda event: f"a branch {event.words}",
    "resume": lambda event: RESUMED,
}
"""The words of a mark on the plots, by the kind of event."""


def read_past(run: RunReader, until: int = LAST_STEP) -> Recollection:
    """Return the past of `run` up to the step `until`; raises PgplayError.

    A run of a million steps takes more than a second, so this is called in the background.
    """
    last = min(run.progress().steps, until)
    traces = Traces()
    for step, trace in run.traces():
        if step <= last:
            traces.add(step, trace)
    recent = curves_of(run.windows(last - RAW_STEPS, until=last), RAW_STEPS, RAW_STEPS)
    return Recollection(run.curves(CAPACITY, last), recent, traces, list(_marks(run, until))[-MOST_MARKS:])


def follow(history: History, run: RunReader) -> None:
    """Add the new steps of `run` to `history`; raises PgplayError."""
    history.add(run.each_row(history.last_step))
    history.add_traces(run.traces(history.traces.all[-1][0] if history.traces.all else 0))
    for mark in _marks(run, LAST_STEP):
        history.mark(*mark)


def _marks(run: RunReader, until: int) -> Iterator[Mark]:
    for event in run.events():
        if event.kind in WORDS and event.step <= until:
            try:
                change = WORDS[event.kind](event)
            except msgspec.DecodeError as error:
                raise PgplayError("run.unreadable_change", name=run.name, step=event.step) from error
            yield Mark(event.step, change)
