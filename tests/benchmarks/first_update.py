"""How many completions does a first update move in the right direction?

    python -m tests.benchmarks.first_update [--seeds 20]

Counts like the page of one update: a completion whose reward beats the baseline should become more likely, one below it
less likely; one that equals it is left out. Each row has the mean share over the seeds, the lowest share, and the mean
number of completions that count.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from statistics import mean
from typing import Any, NamedTuple

from pgplay.config.presets import load_preset
from pgplay.config.run_config import make_config
from pgplay.learning.plan import read_plan
from pgplay.learning.reports.step_detail import movement
from pgplay.learning.step_inspection import StepInspection
from pgplay.learning.trainer import Trainer
from pgplay.rewards.reward import build_reward

TARGETS = ("hi", "cat", "good morning", "abracadabra", "床前明月光", "the quick brown fox")
TEXTBOOK = load_preset("first-step").settings
ROWS: dict[str, dict[str, Any]] = {
    "preset first-step": {},
    **{f"target {target}": {"target": target} for target in TARGETS},
    **{f"lr {lr:g}": {"lr": lr} for lr in (0.003, 1.0)},
    **{f"{size} completions": {"batch_size": size} for size in (4, 16, 64)},
    **{f"alphabet {name}": {"alphabet": name} for name in ("lowercase", "ascii")},
    **{f"model {name}": {"model": name} for name in ("gru-nano", "gru-medium", "transformer-small")},
    "optimizer adam": {"optimizer": "adam", "lr": 0.005},
}
DEFAULTS = {"preset hello (grpo)": {"target": "hello world"}, "rloo": {"target": "hello world", "algorithm": "rloo"}}


class Shares(NamedTuple):
    """The shares over the seeds: their mean, the lowest, and the mean number of completions that count."""

    mean: float
    lowest: float
    counted: float


def share_of(settings: Mapping[str, Any], seeds: int, after: int = 0) -> Shares:
    """Return the shares of one update of runs with `settings`: the first, or the one `after` some steps."""
    moved = []
    for seed in range(seeds):
        config = make_config({**settings, "seed": seed, "until": "never", "device": "cpu"})
        trainer = Trainer(read_plan(config), build_reward(config.reward))
        for _ in range(after):
            trainer.step()
        inspection = StepInspection(trainer)
        inspection.step()
        moved.append(movement(inspection.detail.samples))
    shares = [one.right / one.counted for one in moved if one.counted]
    return Shares(mean(shares), min(shares), mean(one.counted for one in moved))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    arguments = parser.parse_args()
    print("| update | right direction | lowest seed | completions |\n| --- | --- | --- | --- |")
    rows = {name: {**TEXTBOOK, **settings} for name, settings in ROWS.items()} | DEFAULTS
    cases = [(name, settings, 0) for name, settings in rows.items()]
    later = {"preset first-step": TEXTBOOK, **DEFAULTS}
    cases += [(f"{name}, step 21", settings, 20) for name, settings in later.items()]
    for name, settings, after in cases:
        shares = share_of(settings, arguments.seeds, after)
        print(f"| {name} | {shares.mean:.0%} | {shares.lowest:.0%} | {shares.counted:.1f} |", flush=True)


if __name__ == "__main__":
    main()
