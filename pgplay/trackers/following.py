"""Following a run's store while another process writes it."""

from __future__ import annotations

from threading import Event

from pgplay.runs.database_reader import DatabaseReader
from pgplay.trackers.base import Tracker
from pgplay.trackers.copying import copy_steps

_BETWEEN_LOOKS = 0.5  # seconds


def follow_run(run: DatabaseReader, tracker: Tracker, ended: Event) -> None:
    """Log the run's steps as they are stored; returns when `ended` is set and all steps until then are written."""
    step, has_ended = 0, False
    while not has_ended:
        has_ended = ended.wait(_BETWEEN_LOOKS)  # asked before reading, so that the last steps are read
        step = copy_steps(run, tracker, step)
