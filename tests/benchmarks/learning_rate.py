"""Does a learning rate that follows the KL of an update pay? CPU seconds until solved, over seeds.

    python -m tests.benchmarks.learning_rate [--seeds 6] [--only "short;line"] [--targets 0.01,0.03]

The targets are used only here. Each row is the defaults, with a constant rate and with lr_schedule kl at each of the KL
values in --targets; an unsolved run counts as its limit. CPU seconds grow on a busy machine, too.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from typing import Any

import torch

from pgplay.config.run_config import make_config
from pgplay.learning.plan import read_plan
from pgplay.learning.trainer import Trainer
from pgplay.rewards.reward import build_reward
from tests.benchmarks.solve import Case

FIRST_SEED = 100
SHORT = ("copper kettle", "silent harbor", "quick maple")
LINE = ("a small boat drifts past the pier", "green apples roll down the lane")
CASES = {
    "short": Case(SHORT, {}, 10),
    "short, transformer": Case(SHORT, {"model": "transformer-small"}, 15),
    "line": Case(LINE, {}, 25),
    "line, dense": Case(LINE, {"credit": "dense"}, 12),
}


def solve(target: str, seed: int, settings: dict[str, Any], limit: float) -> tuple[bool, float, list[float]]:
    """Return whether `target` was solved, in how many CPU seconds, and the learning rate of each step."""
    config = make_config({"target": target, "seed": seed, **settings})
    one, began, rates = Trainer(read_plan(config), build_reward(config.reward)), time.process_time(), []
    while True:
        report = one.step()
        rates.append(report.metrics["lr"])
        needed = time.process_time() - began
        if report.solved or needed >= limit:
            return report.solved, needed, rates


def row(name: str, seeds: int, settings: dict[str, Any]) -> str:
    """Return one row of the table."""
    case = CASES[name]
    found = [
        solve(case.targets[seed % len(case.targets)], FIRST_SEED + seed, {**case.settings, **settings}, case.seconds)
        for seed in range(seeds)
    ]
    seconds = [needed for _, needed, _ in found]
    solved = sum(is_solved for is_solved, _, _ in found)
    rate = statistics.median(rate for _, _, rates in found for rate in rates)
    told = f"kl {settings['lr_target']:g}" if settings else "constant"
    return (
        f"{name:<20} {told:<10} {solved:>3}/{seeds:<3} {statistics.median(seconds):>8.2f} s "
        f"{statistics.fmean(seconds):>8.2f} s {max(seconds):>8.2f} s {rate:>8.4f}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--only", default=";".join(CASES), help="semicolon-separated names of rows")
    parser.add_argument("--targets", default="0.01,0.03", help="comma-separated")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    variants = [{}, *({"lr_schedule": "kl", "lr_target": float(one)} for one in options.targets.split(","))]
    print(f"{'case':<20} {'rate':<10} {'solved':>7} {'median':>10} {'mean':>10} {'slowest':>10} {'median lr':>8}")
    for name in options.only.split(";"):
        for settings in variants:
            print(row(name, options.seeds, settings), flush=True)


if __name__ == "__main__":
    main()
