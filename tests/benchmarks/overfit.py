"""Memorising and its remedies: the preset overfit with each remedy alone and together, over seeds.

    python -m tests.benchmarks.overfit [--seeds 5] [--only dropout,patience]

Everything else is the preset's: forty prompts, 300 steps. Measured at the end on all prompts of either side, with
greedy completions; after early stopping, with the policy that it keeps. CPU seconds are those of this process from its
first step on.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from statistics import median
from typing import Any, NamedTuple

import torch

from pgplay.config.presets import load_preset
from pgplay.config.run_config import make_config
from pgplay.learning.evaluation.held_out import held_out_evaluation
from pgplay.learning.plan import read_plan
from pgplay.learning.trainer import Trainer
from pgplay.rewards.reward import build_reward
from pgplay.worker.session.stop_conditions import ending_of

REMEDIES: dict[str, dict[str, Any]] = {
    "none": {},
    "l1": {"l1": 1e-4},
    "l2": {"l2": 1e-3},
    "dropout": {"dropout": 0.2},
    "weight_decay": {"weight_decay": 0.5},
    "patience": {"patience": 5},
    "overfit-cured": {"dropout": 0.2, "weight_decay": 0.5},
}
"""The settings of each row besides the preset overfit's."""


class Found(NamedTuple):
    """One run: when it ended, its CPU seconds, and how well the rule was learned."""

    steps: int
    cpu: float
    gap: float
    training: float
    held_out: float


def find(settings: dict[str, Any], seed: int) -> Found:
    """Train the preset with `settings` until it ends."""
    config = make_config({**load_preset("overfit").settings, **settings, "seed": seed})
    trainer = Trainer(read_plan(config), build_reward(config.reward))
    began, report = time.process_time(), None
    while ending_of(config, trainer.counters.steps, trainer.counters.seconds, report) is None:
        report = trainer.step()
    cpu = time.process_time() - began
    trainer.return_to_best()
    told = held_out_evaluation(trainer.policy, trainer.reward, trainer.plan.task)
    return Found(
        trainer.counters.steps, cpu, told["gap"], told["training_exact_match"], told["held_out_exact_match"]
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default=",".join(REMEDIES), help="comma-separated names of rows")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    print(
        f"{'remedy':<15}{'steps':>6}{'CPU s':>7}{'training':>10}{'gap':>7}{'widest':>8}{'held out':>10}{'lowest':>8}"
        "   gap of each seed"
    )
    for name in options.only.split(","):
        found = [find(REMEDIES[name], seed) for seed in range(options.seeds)]
        steps, cpu, gap, training, held_out = (median(column) for column in zip(*found, strict=True))
        print(
            f"{name:<15}{steps:>6.0f}{cpu:>7.1f}{training:>10.3f}{gap:>7.3f}{max(one.gap for one in found):>8.3f}"
            f"{held_out:>10.3f}{min(one.held_out for one in found):>8.3f}   "
            + " ".join(f"{one.gap:.2f}" for one in found),
            flush=True,
        )


if __name__ == "__main__":
    main()
