"""`python -m pgplay.experiments SWEEP`: trains a stored sweep for the app, until standard input ends.

Neither torch nor the app is in this process: its pool of workers trains. Every run is kept with a checkpoint, however
the process ends.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading

from pgplay.experiments.sweep_training import train_sweep
from pgplay.experiments.sweeps import open_sweep
from pgplay.experiments.trials import Training
from pgplay.experiments.yardstick import choose_yardstick
from pgplay.rewards.spec import UnaskedError
from pgplay.worker.client.helper_main import run_helper

_NICENESS = 5  # the app's keys come first


def main(name: str) -> int:
    """Train the sweep; returns 1, with the reason on standard error, where that fails."""

    def train(stopped: threading.Event) -> None:
        signal.signal(signal.SIGTERM, lambda number, frame: stopped.set())
        training = Training(None, lambda *_: None, lambda *_: None, stopped.is_set)
        sweep = open_sweep(name)
        entries = sweep.entries
        for spec in (spec for entry in entries for spec in entry.rewards):
            if not spec.may_run:
                raise UnaskedError(spec)
        asyncio.run(train_sweep(sweep, entries, choose_yardstick(entries, sweep.plan.ranked_by), training))

    return run_helper(train, _NICENESS)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
