"""Is a step as cheap as before? Two checkouts train the same runs side by side, alternating every few steps.

    taskset -c 1 python -m tests.benchmarks.step_cost --against CHECKOUT [--pairs 8] [--rounds 10] [--only TEXT]

A round is a few steps of one checkout, then as many of the other, in an order that alternates, on one thread. The time
is CPU time, not wall time. Two processes of the same code differ by some per cent for their whole life, so a run is
measured by several pairs of processes; printed is the median of the pairs' ratios (over 1: this checkout is slower)
with its 95% bootstrap interval. `--against .` is the control: the true ratio is 1. Seed and numbers are the same in
both (`same_numbers`), so the steps do the same work.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from operator import truediv
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[2]
LINE = {"target": "the quick brown fox sat down ok"}
RUNS: dict[str, dict[str, Any]] = {
    "hello": {"target": "hello"},
    "line gru-small": LINE,
    "line transformer-small": {**LINE, "model": "transformer-small"},
    "line gru-medium": {**LINE, "model": "gru-medium"},
    "dense": {**LINE, "credit": "dense"},
    "gae": {**LINE, "algorithm": "a2c", "credit": "gae"},
    "ppo, kl": {**LINE, "algorithm": "ppo", "kl": 0.05},
    "reverse": {"task": "reverse:length=3-5,count=400", "credit": "dense"},
}
STEPS = 5
WARM_UP = 10


def serve(settings: Mapping[str, Any]) -> None:
    """Train with `settings`: a few steps for every line of standard input; print their seconds."""
    import torch

    import pgplay  # noqa: F401  (the checkout's that is timed, before `tests` is taken from this one)

    sys.path.insert(0, str(HERE))
    from tests.benchmarks.same_numbers import learner_for

    torch.set_num_threads(1)
    with learner_for({"until": "never", "seed": 1, **settings}) as learner:
        for _ in range(WARM_UP):
            learner.step()
        for _ in sys.stdin:
            began = time.process_time()
            for _ in range(STEPS):
                learner.step()
            print(time.process_time() - began, flush=True)


class Side:
    """One checkout that trains one run, a few steps at a time."""

    def __init__(self, checkout: Path, run: str, undo: ExitStack) -> None:
        home = undo.enter_context(tempfile.TemporaryDirectory())
        environment = dict(os.environ, PYTHONPATH=str(checkout), PGPLAY_HOME=home, PYTHONUTF8="1", OMP_NUM_THREADS="1")
        command = [sys.executable, "-P", __file__, "--serve", run]
        pipe = subprocess.PIPE
        self._process = undo.enter_context(
            subprocess.Popen(command, env=environment, cwd=home, stdin=pipe, stdout=pipe, text=True)
        )
        undo.callback(self._process.terminate)

    def turn(self) -> float:
        """Return the CPU seconds of the next few steps."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())


def ratio_of_a_pair(run: str, against: Path, rounds: int, is_swapped: bool) -> tuple[float, float]:
    """Return the median ratio over the rounds of two new processes, and this checkout's seconds per step."""
    seconds: dict[Path | None, list[float]] = {None: [], against: []}
    with ExitStack() as undo:
        order: list[Path | None] = [against, None] if is_swapped else [None, against]
        sides = {key: Side(key or HERE, run, undo) for key in order}
        for number in range(rounds):
            for key in order if number % 2 else reversed(order):
                seconds[key].append(sides[key].turn())
    here, there = seconds[None], seconds[against]
    return statistics.median(map(truediv, here, there)), statistics.median(here) / STEPS


def interval(ratios: Sequence[float]) -> tuple[float, float]:
    """Return the bounds of the 95% bootstrap interval of the median."""
    draw = random.Random(0)
    medians = sorted(statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(2000))
    return medians[50], medians[-51]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="the other checkout's folder")
    parser.add_argument("--pairs", type=int, default=8, help="pairs of processes for each run")
    parser.add_argument("--rounds", type=int, default=10, help="rounds of each pair")
    parser.add_argument("--only", default="", metavar="TEXT", help="only runs with this in their name")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.serve:
        serve(RUNS[options.serve])
        return 0
    if options.against is None:
        parser.error("--against CHECKOUT is needed")
    for run in [run for run in RUNS if options.only in run]:
        measured = [
            ratio_of_a_pair(run, options.against.resolve(), options.rounds, bool(number % 2))
            for number in range(options.pairs)
        ]
        ratios, seconds = zip(*measured, strict=True)
        low, high = interval(ratios)
        row = {"run": run, "seconds": min(seconds), "ratio": statistics.median(ratios), "low": low, "high": high}
        line = "{run:24} {seconds:.4f} s a step, ratio {ratio:.3f} ({low:.3f} to {high:.3f})".format(**row)
        print(json.dumps(row) if options.json else line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
