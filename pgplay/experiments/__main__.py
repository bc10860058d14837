"""`python -m pgplay.experiments SWEEP`: trains a stored sweep for the app, until standard input ends.

Neither torch nor the app is in this process: its pool of workers trains. Standard input is a pipe from the app, which
ends with it, however it ends; every run is then kept with a checkpoint.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading

from pgplay.errors import PgplayError, refusal_of_system
from pgplay.experiments.sweep_training import train_sweep
from pgplay.experiments.sweeps import open_sweep
from pgplay.experiments.trials import Training
from pgplay.experiments.yardstick import choose_yardstick
from pgplay.rewards.spec import UnaskedError

_NICENESS = 5  # the app's keys come first


def main(name: str) -> int:
    """Train the sweep; returns 1, with the reason on standard error, where that fails."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stopped.set())
    threading.Thread(target=_wait_for_app, args=(stopped,), daemon=True).start()
    training = Training(None, False, lambda *_: None, lambda *_: None, stopped.is_set)
    try:
        sweep = open_sweep(name)
        entries = sweep.entries
        for spec in (spec for entry in entries for spec in entry.rewards):
            if not spec.may_run:
                raise UnaskedError(spec)
        asyncio.run(train_sweep(sweep, entries, choose_yardstick(entries, sweep.plan.ranked_by), training))
    except PgplayError as error:
        sys.stderr.write(f"{error.problem}\n")
        return 1
    except (ImportError, MemoryError, OSError) as error:
        sys.stderr.write(f"{refusal_of_system(error) or error}\n")
        return 1
    return 0


def _wait_for_app(stopped: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):  # not through the buffer, whose lock would be held when Python ends
        pass
    stopped.set()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
