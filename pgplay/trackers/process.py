"""The process that writes a run to a tracker while another trains it, seen from the trainer."""

from __future__ import annotations

from pgplay.trackers.catalogue import TrackerChoice
from pgplay.worker.client.helper_process import HelperProcess


class TrackerProcess(HelperProcess):
    """`python -m pgplay.trackers`, following the run called `run`; raises OSError where it can't be started.

    It reads the store, so it may lag or die without touching training.
    """

    def __init__(self, run: str, choice: TrackerChoice) -> None:
        super().__init__("pgplay.trackers", run, str(choice))
