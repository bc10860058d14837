"""What does the policy gradient add? Completions until one target is solved, compared with the comparators.

    python -m tests.benchmarks.comparators [--seeds 10] [--target "slow lantern"] [--completions 1000000]

Completions are the common budget: each is one reward. Seconds, from the first step, are shown too; for these, run it on
an idle machine.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence

import torch

from pgplay.config.run_config import make_config
from pgplay.learning.factory import make_learner
from pgplay.learning.plan import read_plan
from pgplay.learning.reports.step_report import StepReport
from pgplay.rewards.reward import build_reward

ALGORITHMS = ("grpo", "supervised", "hill-climb", "random-search")
TARGET = "slow lantern"


def solve(algorithm: str, target: str, seed: int, completions: int) -> StepReport:
    """Train until solved, or for this many `completions`, and return the last step's report."""
    config = make_config({"algorithm": algorithm, "target": target, "seed": seed})
    learner = make_learner(read_plan(config), build_reward(config.reward))
    while True:
        report = learner.step()
        if report.solved or report.completions >= completions:
            return report


def row(algorithm: str, target: str, seeds: int, completions: int) -> str:
    """Return one row; medians are over all seeds, and an unsolved one counts as the whole budget."""
    reports = [solve(algorithm, target, seed, completions) for seed in range(seeds)]
    solved = sum(report.solved for report in reports)
    needed = [report.completions for report in reports]
    seconds = statistics.median(report.seconds for report in reports)
    reached = statistics.median(report.metrics["greedy_reward"] for report in reports)
    return (
        f"{algorithm:<14} {solved:>3}/{seeds:<3} {statistics.median(needed):>11,.0f} {max(needed):>11,.0f} "
        f"{seconds:>8.2f} s {reached:>7.2f}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--target", default=TARGET)
    parser.add_argument("--completions", type=int, default=1_000_000)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    print(f"{'algorithm':<14} {'solved':>7} {'completions':>11} {'most':>11} {'median':>10} {'reward':>7}")
    for algorithm in ALGORITHMS:
        print(row(algorithm, options.target, options.seeds, options.completions), flush=True)


if __name__ == "__main__":
    main()
