"""An experiment's results as plain values: the --json object, and the rows of a table."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

from pgplay.config.recipe import to_recipe
from pgplay.experiments.statistics.estimates import Interval
from pgplay.experiments.summary import Comparison, RecipeResult, Summary
from pgplay.experiments.trials import Trial
from pgplay.experiments.verdicts import verdict_of
from pgplay.locale.catalog import text_of


def to_record(summary: Summary, seeds: Sequence[int], *, interrupted: bool) -> dict[str, Any]:
    """Return the --json object: `rows` and `comparisons`, every run by name, and `recipes` with each run's outcome.

    An infinite end of an interval becomes null.
    """
    rows = [result_record(result) for result in summary.results]
    return {
        "seeds": list(seeds),
        "interrupted": interrupted,
        "ranked_by": summary.yardstick.name,
        "confidence": summary.confidence,
        "looks": summary.looks,
        "rows": rows,
        "comparisons": [comparison_record(summary, comparison) for comparison in summary.comparisons],
        "runs": [run for row in rows for run in row["runs"]],
        "recipes": [_recipe(result) for result in summary.results],
    }


def result_record(result: RecipeResult) -> dict[str, Any]:
    """Return one of the `rows`."""
    measured = result.measured
    return {
        "recipe": to_recipe(result.entry.config),
        "label": result.entry.label,
        "seeds": len(result.ended),
        "solved": result.solved,
        "solved_interval": _interval(result.solved_interval),
        "completions_median": result.time.median,
        "completions_interval": _interval(result.time.interval),
        "measure_mean": measured.mean if measured is not None else None,
        "measure_interval": _interval(measured.interval) if measured is not None else None,
        "measure_interquartile_mean": measured.middle if measured is not None else None,
        **result.held_out,
        "runs": [trial.outcome.run for trial in result.trials if trial.outcome is not None and trial.outcome.run],
    }


def comparison_record(summary: Summary, comparison: Comparison) -> dict[str, Any]:
    """Return one of the `comparisons`."""
    a, b = (summary.results[place].entry.label for place in (comparison.a, comparison.b))
    paired = comparison.paired
    known = paired.size.low if paired.size is not None and paired.size.low == paired.size.high else None
    by_completions = summary.yardstick.kind == "completions"
    return {
        "a": a,
        "b": b,
        "seeds": paired.pairs,
        "ratio": known if by_completions else None,
        "difference": None if by_completions else known,
        "interval": _interval(paired.interval),
        "p": comparison.p,
        "improvement": paired.improvement,
        "improvement_interval": _interval(paired.improvement_interval),
        "verdict": comparison.verdict,
        "text": text_of(*verdict_of(summary, comparison)),
    }


def _interval(interval: Interval | None) -> list[float | None] | None:
    return None if interval is None else [end if math.isfinite(end) else None for end in interval]


def _recipe(result: RecipeResult) -> dict[str, Any]:
    """Return a recipe with each of its runs; a median is null if most seeds did not reach the goal.

    Interrupted runs and runs that never began do not count.
    """
    entry = result.entry
    return {
        "recipe": to_recipe(entry.config),
        "label": entry.label,
        "differs": entry.differs,
        "seeds": len(result.ended),
        "solved": result.solved,
        **{f"median_{name}": median_at_goal(result, name) for name in ("steps", "completions", "seconds")},
        "median_reward": median_reward(result),
        "runs": [_describe(trial) for trial in result.trials],
    }


def median_at_goal(result: RecipeResult, name: str) -> float | None:
    """Return the median steps, completions or seconds until the goal; without a goal, until the end."""
    field = "step" if name == "steps" else name
    endless = result.entry.config.goal.kind == "never"
    values = [
        float(getattr(trial.report, field)) if trial.report is not None and (trial.reached or endless) else math.inf
        for trial in result.ended
    ]
    median = statistics.median(values) if values else math.inf
    return median if math.isfinite(median) else None


def median_reward(result: RecipeResult) -> float | None:
    """Return the median over the runs of the mean reward of their last steps."""
    rewards = [value for trial in result.ended if (value := _reward(trial)) is not None]
    return statistics.median(rewards) if rewards else None


def _reward(trial: Trial) -> float | None:
    return trial.report.metrics.get("reward_mean") if trial.report is not None else None


def _describe(trial: Trial) -> dict[str, Any]:
    outcome, report = trial.outcome, trial.report
    return {
        "seed": trial.config.seed,
        "run": outcome.run if outcome is not None else None,
        "state": outcome.state if outcome is not None else "not started",
        "message": text_of(*outcome.reason) if outcome is not None else "",
        "solved": trial.reached,
        "steps": report.step if report is not None else 0,
        "completions": report.completions if report is not None else 0,
        "seconds": report.seconds if report is not None else 0.0,
        "reward_mean": _reward(trial),
        "greedy_reward": report.metrics.get("greedy_reward") if report is not None else None,
    }
