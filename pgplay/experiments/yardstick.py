"""By what recipes are compared: completions until solved, or a measure that means the same for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from pgplay.errors import InputError, UnknownName
from pgplay.experiments.recipes import RecipeEntry
from pgplay.experiments.trials import Trial
from pgplay.runs.database_reader import DatabaseReader

COMPLETIONS = "completions"
HELD_OUT = ("held_out_reward", "held_out_exact_match")
_ON_THE_REWARDS_SCALE = ("reward_mean", "greedy_reward", "held_out_reward")
METRICS_TO_RANK_BY = (*_ON_THE_REWARDS_SCALE, "exact_match", "held_out_exact_match")
_MEASURE = "measure:"
_BUCKETS = 64


class Yardstick(NamedTuple):
    """What is compared: completions until the goal (fewer is better), or a metric at a run's end (more is better).

    `name` is what a person writes, `metric` what a step reports.
    """

    kind: Literal["completions", "metric"]
    name: str
    metric: str = ""


def choose_yardstick(entries: Sequence[RecipeEntry], rank_by: str = "") -> Yardstick:
    """Return the yardstick called `rank_by`, or the one that suits `entries`.

    By itself it is the first measure of all recipes if their rewards differ, then completions if their goals are the
    same and do not depend on a reward of their own, then exact match. Raises InputError for a name that does not fit.
    """
    measures = [spec for spec in entries[0].config.measure if all(spec in entry.config.measure for entry in entries)]
    if rank_by:
        return _named(entries, rank_by, measures)
    if _rewards_differ(entries) and measures:
        return _of_measure(measures[0])
    if _same_goal(entries):
        return Yardstick("completions", COMPLETIONS)
    return _of_measure(measures[0]) if measures else Yardstick("metric", "exact_match", "exact_match")


def _of_measure(spec: str) -> Yardstick:
    return Yardstick("metric", spec, _MEASURE + spec)


def _named(entries: Sequence[RecipeEntry], name: str, measures: Sequence[str]) -> Yardstick:
    if name == COMPLETIONS:
        if not _same_goal(entries):
            raise InputError("experiment.other_goals")
        return Yardstick("completions", COMPLETIONS)
    if name in measures:
        return _of_measure(name)
    if name not in METRICS_TO_RANK_BY:
        raise UnknownName("yardstick", name, [COMPLETIONS, *METRICS_TO_RANK_BY, *measures])
    if name in _ON_THE_REWARDS_SCALE and _rewards_differ(entries):
        raise InputError("experiment.own_scale", name=name)
    if name in HELD_OUT and not all(entry.config.held_out for entry in entries):
        raise InputError("experiment.nothing_held_out", name=name)
    return Yardstick("metric", name, name)


def _rewards_differ(entries: Sequence[RecipeEntry]) -> bool:
    return len({entry.config.reward for entry in entries}) > 1


def _same_goal(entries: Sequence[RecipeEntry]) -> bool:
    goal = entries[0].config.goal
    if goal.kind == "never" or any(entry.config.goal != goal for entry in entries):
        return False
    return goal.kind == "solved" or not goal.metric.endswith("reward") or not _rewards_differ(entries)


def value_at_end(trial: Trial, metric: str) -> float | None:
    """Return the last value of `metric` in a trial, from its store if its last step did not measure it."""
    if trial.report is None or trial.outcome is None:
        return None
    if metric in trial.report.metrics:
        return trial.report.metrics[metric]
    if not trial.outcome.run:
        return None
    with DatabaseReader.open(trial.outcome.run) as run:
        buckets = run.curves(_BUCKETS).of.get(metric, ()) if metric in run.metrics() else ()
    return buckets[-1].last if buckets else None
