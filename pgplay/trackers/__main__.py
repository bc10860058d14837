"""`python -m pgplay.trackers RUN TRACKER:PLACE`: writes a run to a tracker as it is trained, until standard input ends.

Only the store is read, and neither torch nor the trainer is in this process. Standard input is a pipe from the trainer,
which ends with it, however it ends.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading

from pgplay.errors import PgplayError, refusal_of_system
from pgplay.runs.database_reader import DatabaseReader
from pgplay.trackers.catalogue import read_tracker
from pgplay.trackers.copying import header_of
from pgplay.trackers.following import follow_run

_NICENESS = 10  # training comes first


def main(run_name: str, tracker_text: str) -> int:
    """Follow the run until standard input ends; returns 1, with the reason on standard error, where that fails."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    ended = threading.Event()
    threading.Thread(target=_wait_for_trainer, args=(ended,), daemon=True).start()
    try:
        with DatabaseReader.open(run_name) as run:
            tracker = read_tracker(tracker_text).open(header_of(run))
            with contextlib.closing(tracker):
                follow_run(run, tracker, ended)
    except PgplayError as error:
        sys.stderr.write(f"{error.problem}\n")
        return 1
    except (ImportError, MemoryError, OSError) as error:
        sys.stderr.write(f"{refusal_of_system(error) or error}\n")
        return 1
    return 0


def _wait_for_trainer(ended: threading.Event) -> None:
    sys.stdin.buffer.read()
    ended.set()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
