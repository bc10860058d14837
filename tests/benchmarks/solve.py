"""How soon the default settings solve targets that were not used for tuning: a table over seeds.

    python -m tests.benchmarks.solve [--seeds 10] [--only short,line,...]

Run it on an idle machine. Seconds count from the first step, as everywhere in pgplay.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from pgplay.config.run_config import make_config
from pgplay.learning.plan import read_plan
from pgplay.learning.reports.step_report import StepReport
from pgplay.learning.trainer import Trainer
from pgplay.limits import available_cores
from pgplay.rewards.reward import build_reward


class Case(NamedTuple):
    """One row of the table: targets that alternate over the seeds, and the settings beyond the defaults."""

    targets: tuple[str, ...]
    settings: dict[str, Any]
    seconds: float


CASES = {
    "short": Case(("grey heron", "tin whistle", "velvet", "apple pie on", "mississippi"), {}, 15),
    "line": Case(
        ("the quiet river bends westward", "three owls watch a sleepy town", "my uncle mends broken clocks"), {}, 30
    ),
    "chinese": Case(("白日依山尽黄河入海流", "红豆生南国春来发几枝"), {}, 15),
    "printable": Case(("Dial 555-0199 by 6 PM, please!", "Total: 48.20 EUR (incl. VAT) ok"), {}, 30),
    "sixty": Case(("when the evening train leaves the station the lamps come on",), {}, 60),
    "transformer": Case(
        (
            *("Meet me at 9:45 by the old gate!", "Invoice #2071: $318.60, due Feb 3"),
            *("The cat's bowl (blue) is half full", "x = [3, 1, 4]; print(sum(x)) # 8?"),
            *("Quiet! Zebras & 12 foxes: why not?", "Pay 12.50 EUR to J. Smith by 6 pm"),
            *("Room 7B -> 2nd floor, left (ring!)", "if (n % 2 == 0) { return n / 2; }?"),
            "To: ops@hub.io; Re: disk 93% full",
            "Dear Mr. Wu, see page 14 & reply.",
        ),
        {"model": "transformer-small"},
        180,
    ),
    **{
        f"scale {reward}": Case(("brown owl hoots", "violet ferries"), {"reward": reward}, 20)
        for reward in ("levenshtein", "0.03*levenshtein", "0.001*levenshtein", "100*levenshtein", "levenshtein + 1e6")
    },
    **{text: Case((text,), {}, 12) for text in ("zzzzzzzzzz", "abababababab", "a mississippi miss")},
    "no-warm-start": Case(("brown owl hoots", "violet ferries"), {"warm_start": "0"}, 20),
    "sixty-printable": Case(
        (
            "Turn left at the 3rd bridge (red!), then ask for Ms. O'Neil; #",
            "We met [Zoe+Max] at Pub #7; bill = 3*$9.50 (no tip): ~30 mins",
            'Fly BA-117 @ 06:55 -> gate C9? Bring $40, 2 IDs & "the map"!!',
        ),
        {},
        60,
    ),
    "hundred": Case(
        (
            "the ferry that brings the post leaves the island at seven and comes back with bread letters and guests",
        ),
        {},
        120,
    ),
    "line-dense": Case(("the quiet river bends westward", "three owls watch a sleepy town"), {"credit": "dense"}, 15),
    "sixty-dense": Case(("when the evening train leaves the station the lamps come on",), {"credit": "dense"}, 20),
    "two-hundred-dense": Case(
        (
            "in the spring the river rose above the lower fields and the children rowed a flat boat between the fence "
            "posts looking for the gate that their father had painted green the year before the flood came to us",
        ),
        {"credit": "dense"},
        90,
    ),
}


def solve(target: str, seed: int, settings: dict[str, Any], seconds: float) -> StepReport:
    """Train until solved, or for this many `seconds`, and return the last step's report."""
    config = make_config({"target": target, "seed": seed, **settings})
    plan = read_plan(config)
    torch.set_num_threads(plan.config.threads or available_cores())
    trainer = Trainer(plan, build_reward(config.reward))
    while True:
        report = trainer.step()
        if report.solved or report.seconds >= seconds:
            return report


def row(name: str, case: Case, seeds: int) -> str:
    """Return one row: how many were solved, and medians over all seeds (an unsolved one counts as the limit)."""
    targets = [case.targets[seed % len(case.targets)] for seed in range(seeds)]
    reports = [solve(target, seed, case.settings, case.seconds) for seed, target in enumerate(targets)]
    solved = [report for report in reports if report.solved]
    seconds = statistics.median(report.seconds for report in reports)
    completions = statistics.median(report.completions for report in reports)
    slowest = max(report.seconds for report in reports)
    return f"{name:<26} {len(solved):>3}/{seeds:<3} {seconds:>8.2f} s {slowest:>8.2f} s {completions:>10,.0f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--only", default=",".join(CASES), help="comma-separated names of rows")
    options = parser.parse_args(arguments)
    print(f"{'case':<26} {'solved':>7} {'median':>10} {'slowest':>10} {'completions':>11}")
    for name in options.only.split(","):
        print(row(name, CASES[name], options.seeds), flush=True)


if __name__ == "__main__":
    main()
