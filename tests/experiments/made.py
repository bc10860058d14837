"""Made-up experiments: trials with given completions and metrics, without any training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pgplay.config.run_config import make_config
from pgplay.experiments.recipes import RecipeEntry, named_entries
from pgplay.experiments.trials import Trial
from pgplay.learning.reports.step_report import StepReport
from pgplay.worker.client.pool import RunOutcome


def entries(*settings: Mapping[str, Any]) -> list[RecipeEntry]:
    """Return an entry for each of `settings`, called by its differences."""
    configs = [make_config(values) for values in settings]
    return named_entries([""] * len(configs), configs, [()] * len(configs))


def trial(entry: RecipeEntry, place: int, seed: int, completions: int, *, solved: bool, **metrics: float) -> Trial:
    """Return a run of `entry`, the one at `place`; it took a hundredth of a second for each completion."""
    report = StepReport(completions // 64, completions / 100, completions, metrics, (), solved)
    state = "solved" if solved else "finished"
    run = f"run-{place}-{seed}"
    return Trial(
        place, make_config({"seed": seed}, entry.config), RunOutcome(state, ("ending.stopped", {}), run, report)
    )


def trials(recipes: Sequence[RecipeEntry], completions: Sequence[Sequence[int]], limit: int = 10**9) -> list[Trial]:
    """Return a run per recipe and seed; one that needs more than `limit` completions ends unsolved there."""
    return [
        trial(recipe, place, seed, min(count, limit), solved=count <= limit)
        for place, (recipe, counts) in enumerate(zip(recipes, completions, strict=True))
        for seed, count in enumerate(counts)
    ]
