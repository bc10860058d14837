"""How soon rules are learned that hold for held-out prompts: a table over seeds, with the default settings.

    python -m tests.benchmarks.generalise [--seeds 5] [--only copy-4-dense,...]

Run it on an idle machine. Every prompt measured at the end was held out of training. Seconds count from the first step,
as everywhere in pgplay; CPU seconds are those of this process, and vary less on a busy machine.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from pgplay.config.run_config import make_config
from pgplay.learning.evaluation.held_out import mean_cross_entropy
from pgplay.learning.plan import read_plan
from pgplay.learning.trainer import Trainer
from pgplay.learning.warm_start import warm_up
from pgplay.rewards.reward import Reward, build_reward
from pgplay.tasks.task import Pair


class Case(NamedTuple):
    """One row: settings beyond the defaults, the held-out exact match to reach, and the maximum CPU seconds."""

    settings: dict[str, Any]
    goal: float
    seconds: float


WARM: dict[str, Any] = {"warm_start": "300", "credit": "dense"}
"""After a warm start a policy explores enough: the default bonus unlearns the warm start."""


def _rule(task: str, goal: float, seconds: float, **settings: Any) -> Case:
    return Case({"task": task, "held_out": 0.05, "held_out_every": 10, **settings}, goal, seconds)


def _set(task: str, seconds: float, **settings: Any) -> Case:
    # The learning rate of the presets.
    return Case({"task": task, "held_out": 0.2, "alphabet": "target", "lr": 0.00015, **settings}, 1.01, seconds)


CASES = {
    "copy-4-dense": _rule("copy:length=4", 0.97, 30, credit="dense"),
    "copy-4-terminal": _rule("copy:length=4", 0.9, 90),
    "reverse-5-dense": _rule("reverse:length=5", 0.97, 60, credit="dense"),
    "reverse-5-terminal": _rule("reverse:length=5", 0.97, 90),
    "reverse-8-dense": _rule("reverse:length=8", 0.9, 180, credit="dense"),
    "sort-3": _rule("sort:length=3", 0.97, 60, credit="dense"),
    "sort-4": _rule("sort:length=4", 0.97, 60, credit="dense"),
    "caesar-4": _rule("caesar:length=4", 0.97, 60, credit="dense"),
    "addition-2": _rule("addition:digits=2", 0.9, 180, credit="dense"),
    "sort-4-warm": _rule("sort:length=4", 0.97, 30, **WARM),
    "caesar-4-warm": _rule("caesar:length=4", 0.97, 30, **WARM),
    "addition-2-warm": _rule("addition:digits=2", 0.97, 60, **WARM | {"warm_start": "600"}),
    "french": _set("french", 60, **WARM),
    "chinese": _set("chinese", 60, **WARM),
    "assistant": _set("assistant", 60, **WARM),
    "headline": _set("headline", 60, **WARM),
}


class Found(NamedTuple):
    """One run: steps, completions, seconds, CPU seconds and those of the warm start; exact match after each."""

    steps: int
    completions: int
    seconds: float
    cpu: float
    warm_cpu: float
    warm: float
    training: float
    held_out: float
    nearest: float
    nearest_reward: float
    cross_entropy: float


def exact(trainer: Trainer, pairs: Sequence[Pair]) -> float:
    """Return the share of `pairs` whose greedy completion is exactly a right answer."""
    return sum(map(Pair.matches, pairs, trainer.greedy_texts(pairs))) / len(pairs)


def nearest_neighbour(training: Sequence[Pair], held_out: Sequence[Pair], reward: Reward) -> tuple[float, float]:
    """Return exact match and reward of the answer to the training prompt that is the fewest edits away.

    If no two prompts have the same answer, as in the translation sets, that is never exact.
    """
    from Levenshtein import distance

    texts = [min(training, key=lambda other: distance(other.prompt, pair.prompt)).target for pair in held_out]
    exact = statistics.fmean(map(Pair.matches, held_out, texts))
    return exact, statistics.fmean(reward.score_pairs(texts, held_out).values)


def find(case: Case, seed: int) -> Found:
    """Train until the goal is reached, or for the CPU seconds."""
    config = make_config({"seed": seed, "until": "never", **case.settings})
    plan = read_plan(config)
    torch.set_num_threads(1)
    trainer = Trainer(plan, build_reward(config.reward))
    training, held_out = plan.task.training[:1000], plan.task.held_out[:1000]
    warm, began = 0.0, time.process_time()
    if config.warm_start:
        warm_up(trainer, int(config.warm_start))
    warm_cpu = time.process_time() - began
    if config.warm_start:
        warm = exact(trainer, held_out)
    began = time.process_time()
    while True:
        report = trainer.step()
        cpu = time.process_time() - began
        reached = report.metrics.get("held_out_exact_match", 0.0) >= case.goal
        # The schedule measured only some prompts; this measures all of them.
        if cpu >= case.seconds or (reached and exact(trainer, held_out) >= case.goal):
            return Found(
                report.step,
                report.completions,
                report.seconds,
                cpu,
                warm_cpu,
                warm,
                exact(trainer, training),
                exact(trainer, held_out),
                *nearest_neighbour(training[:500], held_out[:200], trainer.reward),
                mean_cross_entropy(trainer.policy, held_out),
            )


def row(name: str, case: Case, seeds: int) -> str:
    """Return one row: on how many seeds the goal was reached, and medians over all of them."""
    found = [find(case, seed) for seed in range(seeds)]
    reached = sum(one.held_out >= case.goal for one in found)
    steps, completions, seconds, cpu, warm_cpu, warm, training, held_out, nearest, nearest_reward, _ = map(
        statistics.median, zip(*found, strict=True)
    )
    lowest = min(one.held_out for one in found)
    goal = f"{reached}/{seeds}" if case.goal <= 1.0 else "-"
    return (
        f"{name:<19}{goal:>6}{steps:>7,.0f}{completions:>9,.0f}{seconds:>8.1f}{cpu:>7.1f}{warm_cpu:>8.1f}{warm:>7.3f}"
        f"{training:>9.3f}{held_out:>9.3f}{lowest:>8.3f}{nearest:>9.3f}{nearest_reward:>8.3f}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default=",".join(CASES), help="comma-separated names of rows")
    options = parser.parse_args(arguments)
    print(
        f"{'case':<19}{'goal':>6}{'steps':>7}{'compl.':>9}{'seconds':>8}{'CPU s':>7}{'warm s':>8}{'warm':>7}"
        f"{'training':>9}{'held out':>9}{'lowest':>8}{'look-up':>9}{'reward':>8}"
    )
    for name in options.only.split(","):
        print(row(name, CASES[name], options.seeds), flush=True)


if __name__ == "__main__":
    main()
