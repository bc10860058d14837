"""Reward hacking: the presets hack-* over seeds, the proxy reward and the measure of what was meant.

    python -m tests.benchmarks.hacks [--seeds 5] [hack-words ...]

Rewards, measures and KL are means over the first and the last ten steps; `said` is the step at which the finding 'the
reward rises, the measure falls' first appears. The text is the last greedy completion.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

import torch

from pgplay.config.presets import load_preset
from pgplay.config.run_config import make_config
from pgplay.learning.reports.diagnosis import Diagnosis
from tests.learning.helpers import begun

PRESETS = ("hack-words", "hack-words-kl", "hack-charset", "hack-chrf")
ENDS = 10
"""Steps at either end of a run whose means are shown."""


class Hack(NamedTuple):
    """The proxy reward and the measure, from the first steps to the last; `said` is None if never."""

    reward: tuple[float, float]
    measure: tuple[float, float]
    divergence: float
    said: int | None
    text: str


def hack(preset: str, seed: int) -> Hack:
    """Train `preset` with another seed for all its steps."""
    config = make_config({**load_preset(preset).settings, "seed": seed})
    trainer, diagnosis = begun(config), Diagnosis()
    reports, said = [], None
    for _ in range(config.steps or 0):
        reports.append(trainer.step())
        diagnosis.add(reports[-1])
        if said is None and any(finding.kind == "falling-measure" for finding in diagnosis.findings()):
            said = reports[-1].step

    def ends(name: str) -> tuple[float, float]:
        values = [report.metrics[name] for report in reports]
        return fmean(values[:ENDS]), fmean(values[-ENDS:])

    text = next(sample.text for sample in reports[-1].samples if sample.role == "greedy")
    measure = ends(f"measure:{config.measure[0]}")
    return Hack(ends("reward_mean"), measure, ends("kl_reference")[1], said, text)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("presets", nargs="*", default=PRESETS)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    print("| preset | seed | reward | measure | KL | said | greedy |\n|---|---|---|---|---|---|---|")
    for preset in options.presets:
        for seed in range(options.seeds):
            run = hack(preset, seed)
            reward, measure = (f"{before:.2f} → {after:.2f}" for before, after in (run.reward, run.measure))
            said = "never" if run.said is None else f"step {run.said}"
            text = run.text if len(run.text) <= 30 else f"{run.text[:29]}…"
            cells = (f"`{preset}`", str(seed), reward, measure, f"{run.divergence:.2f}", said, text)
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
