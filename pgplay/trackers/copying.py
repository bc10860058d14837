"""Copying a run's store into a tracker: all of it, or what is new."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime

from pgplay.errors import PgplayError
from pgplay.runs.database_reader import DatabaseReader
from pgplay.trackers.base import RunHeader, Tracker
from pgplay.trackers.catalogue import TrackerChoice
from pgplay.trackers.metric_names import named_for_trackers

_AT_ONCE = 1024  # steps


def header_of(run: DatabaseReader) -> RunHeader:
    """Return what a tracker shows of `run` beside its steps."""
    return RunHeader(run.name, run.config, datetime.fromisoformat(run.created).timestamp())


def copy_run(run: DatabaseReader, choice: TrackerChoice, on_share: Callable[[float], object]) -> None:
    """Write all of a stored run to a tracker; `on_share` is called with the share that is done, 0 to 1.

    Raises PgplayError where the tracker can't be written.
    """
    last = run.progress().steps
    try:
        with contextlib.closing(choice.open(header_of(run))) as tracker:
            copy_steps(run, tracker, on_step=lambda step: on_share(min(1.0, step / max(1, last))))
    except OSError as error:
        raise PgplayError("tracker.failed", name=choice.name, reason=str(error)) from error


def copy_steps(
    run: DatabaseReader, tracker: Tracker, after_step: int = 0, on_step: Callable[[int], object] = lambda step: None
) -> int:
    """Log the steps after `after_step` with their samples, oldest first, and flush; returns the last step's number.

    `on_step` is called with a step now and then.
    """
    step = after_step
    while seconds := dict(run.step_seconds(step, _AT_ONCE)):
        samples_at = set(run.sampled_steps())
        rows = [row for row in run.each_row(step, len(seconds)) if row[0] in seconds]
        if not rows:  # the run was rewound between the two reads
            break
        for row_step, metrics in rows:
            tracker.log(row_step, named_for_trackers(metrics), seconds[row_step])
            if row_step in samples_at:
                tracker.show_samples(row_step, run.samples(row_step), seconds[row_step])
        step = rows[-1][0]
        tracker.flush()
        on_step(step)
    return step
