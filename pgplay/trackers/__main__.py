"""`python -m pgplay.trackers RUN TRACKER:PLACE`: writes a run to a tracker as it is trained, until standard input ends.

Only the store is read, and neither torch nor the trainer is in this process.
"""

from __future__ import annotations

import contextlib
import sys
import threading

from pgplay.runs.database_reader import DatabaseReader
from pgplay.trackers.catalogue import read_tracker
from pgplay.trackers.copying import header_of
from pgplay.trackers.following import follow_run
from pgplay.worker.client.helper_main import run_helper

_NICENESS = 10  # training comes first


def main(run_name: str, tracker_text: str) -> int:
    """Follow the run until standard input ends; returns 1, with the reason on standard error, where that fails."""

    def follow(ended: threading.Event) -> None:
        with DatabaseReader.open(run_name) as run:
            tracker = read_tracker(tracker_text).open(header_of(run))
            with contextlib.closing(tracker):
                follow_run(run, tracker, ended)

    return run_helper(follow, _NICENESS)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
