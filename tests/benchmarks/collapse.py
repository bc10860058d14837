"""Does a run recover from a collapse? Policies made certain of a wrong text, then trained with the defaults.

    python -m tests.benchmarks.collapse [--seeds 10] [--seconds 15] [--recovery shrink-perturb]

Each learns one of WRONG by cross-entropy until it writes nothing else; then its logits are multiplied, until their
softmax has no gradient left in single precision. Seconds are CPU seconds of the steps that follow. The table shows for
each family and saturation the entropy that was left, and in how many runs the target was then written exactly.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from pgplay.config.run_config import make_config
from pgplay.learning.plan import read_plan
from pgplay.learning.trainer import Trainer
from pgplay.learning.warm_start import warm_up
from pgplay.rewards.reward import build_reward

TARGET = "slow lantern"
WRONG = ("slow lantren", "slwo lantern", "zebra quilts", "low lanterns", "e")
WARM_STEPS = 300
SATURATIONS = (1, 3, 10)


class Outcome(NamedTuple):
    """The result of one run: its initial entropy (nats per token), and what it took."""

    entropy: float
    solved: bool
    seconds: float
    completions: int
    recoveries: float


def collapsed(text: str, saturation: float, settings: dict[str, Any]) -> Trainer:
    """Return a trainer with `settings` whose policy is certain of `text`, its logits multiplied by `saturation`."""
    plan = read_plan(make_config({"until": "never", **settings}))
    wrong = read_plan(make_config({"target": text}, plan.written), shape=plan.shape)
    one = Trainer(wrong, build_reward(plan.config.reward))
    warm_up(one, WARM_STEPS)
    with torch.no_grad():
        for name, parameter in one.policy.module.named_parameters():
            if name.startswith("lm_head"):
                parameter.mul_(saturation)
    one.change(plan)
    return one


def recover(text: str, saturation: float, seconds: float, settings: dict[str, Any]) -> Outcome:
    """Train a collapsed policy until it writes the target, or for this many CPU `seconds`."""
    one = collapsed(text, saturation, settings)
    began, entropy = time.process_time(), None
    while True:
        report = one.step()
        entropy = report.metrics["entropy"] if entropy is None else entropy
        needed = time.process_time() - began
        if report.solved or needed >= seconds:
            recoveries = report.metrics.get("recoveries", 0.0)
            return Outcome(entropy, report.solved, needed, report.completions, recoveries)


def row(model: str, saturation: float, seeds: int, seconds: float, recovery: str) -> str:
    """Return one row: medians over all seeds; an unsolved one counts as the limit."""
    settings = {"model": model, "target": TARGET, "recovery": recovery}
    found = [
        recover(WRONG[seed % len(WRONG)], saturation, seconds, settings | {"seed": seed}) for seed in range(seeds)
    ]
    needed = [one.seconds for one in found]
    return (
        f"{model:<18} {saturation:>4}x {statistics.median(one.entropy for one in found):>10.0e} "
        f"{sum(one.solved for one in found):>4}/{seeds:<3} {statistics.median(needed):>8.1f} s {max(needed):>8.1f} s "
        f"{statistics.median(one.completions for one in found):>12,.0f} "
        f"{statistics.median(one.recoveries for one in found):>11.0f}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--recovery", default="shrink-perturb", help="or none")
    parser.add_argument("--models", default="gru-small,transformer-small", help="comma-separated")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    head = f"{'entropy':>10} {'solved':>8} {'median':>10} {'slowest':>10} {'completions':>12} {'recoveries':>11}"
    print(f"{'model':<18} {'logits':>5} {head}")
    for model in options.models.split(","):
        for saturation in SATURATIONS:
            print(row(model, saturation, options.seeds, options.seconds, options.recovery), flush=True)


if __name__ == "__main__":
    main()
