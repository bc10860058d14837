"""A style without a target, under a KL limit: the preset no-letter-e over seeds.

    python -m tests.benchmarks.style [--seeds 5] [--seconds 20] [--kl-limit 0.6]

Each run continues for this many CPU seconds, past the preset's own end. The share of e is the mean over the last ten
steps, 640 completions; the highest KL is over all single steps. CPU seconds are those of this process from its first
step on.
"""

from __future__ import annotations

import argparse
import time
from collections import deque
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

import torch

from pgplay.config.presets import load_preset
from pgplay.config.run_config import make_config
from pgplay.learning.inputs import read_inputs
from pgplay.learning.trainer import Trainer
from pgplay.rewards.reward import build_reward
from pgplay.worker.session.preparation import prepare

GOAL = 0.002
WINDOW = 10
SHARE = 'measure:charset("e")'


class Found(NamedTuple):
    """When the share of e fell below the goal (None: never), and extremes of the whole run."""

    reached: tuple[int, float] | None
    steps: int
    first: float
    share: float
    divergence: float
    highest: float
    highest_weight: float


def find(seed: int, seconds: float, limit: float | None) -> Found:
    """Train the preset for this many CPU seconds."""
    settings = load_preset("no-letter-e").settings
    own = {} if limit is None else {"kl_limit": limit}
    config = make_config({**settings, **own, "seed": seed, "until": "never"})
    plan, _, policy, _, _ = prepare(config, read_inputs(config))
    measures = {spec: build_reward(spec) for spec in config.measure}
    trainer = Trainer(plan, build_reward(config.reward), measures, policy)
    shares: deque[float] = deque(maxlen=WINDOW)
    reached, first, highest, highest_weight = None, 0.0, 0.0, 0.0
    began = time.process_time()
    while (cpu := time.process_time() - began) < seconds:
        report = trainer.step()
        metrics = report.metrics
        shares.append(metrics[SHARE])
        first = first or metrics[SHARE]
        highest, highest_weight = max(highest, metrics["kl_reference"]), max(highest_weight, metrics["kl_weight"])
        if reached is None and len(shares) == WINDOW and fmean(shares) < GOAL:
            reached = report.step, cpu
    return Found(reached, report.step, first, fmean(shares), metrics["kl_reference"], highest, highest_weight)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--kl-limit", type=float, help="instead of the preset's")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    print(
        f"{'seed':>4}{'e at first':>12}{'below 0.2 %':>22}{'steps':>7}{'e at last':>11}{'KL at last':>12}"
        f"{'highest KL':>12}{'weight':>8}"
    )
    for seed in range(options.seeds):
        found = find(seed, options.seconds, options.kl_limit)
        reached = "never" if found.reached is None else f"step {found.reached[0]}, {found.reached[1]:.1f} s"
        print(
            f"{seed:>4}{found.first:>12.2%}{reached:>22}{found.steps:>7,}{found.share:>11.2%}{found.divergence:>12.3f}"
            f"{found.highest:>12.3f}{found.highest_weight:>8.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
