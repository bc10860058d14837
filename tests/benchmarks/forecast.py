"""How wrong is the predicted time left? Runs to a solved text; forecasts from a third of the way on.

    python -m tests.benchmarks.forecast [--seeds 5] [--only line,...]

A ratio is the likely time over the seconds that were really left, both in CPU seconds of one thread. Printed for
each case are the median over its runs of each run's median ratio, how many runs have one between 0.7 and 1.4, and the
share of forecasts whose range holds the truth. A run that isn't solved in time has no truth and is only counted.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import torch

from pgplay.config.run_config import make_config
from pgplay.learning.plan import read_plan
from pgplay.learning.trainer import Trainer
from pgplay.rewards.reward import build_reward
from pgplay.worker.protocol.records import SecondsLeft
from pgplay.worker.session.forecast import Forecast
from pgplay.worker.session.preparation import goal_of

LINES = ("nine copper kettles sing at dusk", "paint the north fence on Friday", "Tram 14 leaves @ 7:05, gate B?")
CASES: dict[str, tuple[Sequence[str], dict[str, Any]]] = {
    "line": (LINES, {}),
    "fifty": (("a heron waits all morning where the slow stream bends",), {}),
    "dense": (LINES, {"credit": "dense"}),
    "transformer": (LINES[1:], {"model": "transformer-small"}),
}
FROM, TO = 1 / 3, 0.95
"""Shares of a run's seconds between which its forecasts count."""
LIMIT = 150.0
"""CPU seconds after which a run is given up."""


class Told(NamedTuple):
    """A forecast: when it was made, and what it said."""

    seconds: float
    left: SecondsLeft | None


class Errors(NamedTuple):
    """The errors of one run's forecasts: likely over true time, and whether the truth was in the range."""

    ratios: list[float]
    held: list[bool]


def watch(target: str, seed: int, settings: dict[str, Any]) -> Errors | None:
    """Train until solved and return the errors of the forecasts; None if it is not solved in time."""
    config = make_config({"target": target, "seed": seed, **settings})
    plan = read_plan(config)
    trainer = Trainer(plan, build_reward(config.reward))
    forecast, told = Forecast(goal_of(plan, trainer.reward), credit=plan.config.credit), list[Told]()
    began = time.process_time()
    while time.process_time() - began < LIMIT:
        report = msgspec.structs.replace(trainer.step(), seconds=time.process_time() - began)
        forecast.add(report)
        if report.solved:
            return _errors(told, report.seconds)
        told.append(Told(report.seconds, forecast.outlook(config).seconds_left))
    return None


def _errors(told: Sequence[Told], end: float) -> Errors:
    counted = [one for one in told if FROM * end <= one.seconds <= TO * end]
    ranges = [(one.left, end - one.seconds) for one in counted if one.left is not None]
    return Errors(
        [left.likely / truth for left, truth in ranges],
        [left.fewest <= truth <= left.most for left, truth in ranges],
    )


def row(name: str, seeds: int) -> str:
    """Return one row of the table."""
    targets, settings = CASES[name]
    watched = [watch(targets[seed % len(targets)], 700 + seed, settings) for seed in range(seeds)]
    found = [errors for errors in watched if errors is not None and errors.ratios]
    medians = [statistics.median(errors.ratios) for errors in found]
    held = [inside for errors in found for inside in errors.held]
    near = sum(0.7 <= median <= 1.4 for median in medians)
    middle = f"{statistics.median(medians):>7.2f}" if medians else f"{'-':>7}"
    return f"{name:<12} {len(found):>3}/{seeds:<3} {middle} {near:>9} {sum(held) / max(1, len(held)):>9.2f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default=",".join(CASES), help="comma-separated names of rows")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    print(f"{'case':<12} {'runs':>7} {'median':>7} {'0.7-1.4':>9} {'in range':>9}")
    for name in options.only.split(","):
        print(row(name, options.seeds), flush=True)


if __name__ == "__main__":
    main()
