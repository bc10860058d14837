"""Which recipes hack their reward: it rises, but what is meant does not.

Two signs in a run, each of which can be seen without knowing the reward: from the step at which a measure was best, the
reward rose further while the measure fell; or the greedy completion earns nearly the most that the reward gives, and is
not the target. A recipe is named if most of its runs show the same sign.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from pgplay.errors import PgplayError, coded
from pgplay.experiments.summary import RecipeResult, Summary
from pgplay.experiments.trials import Trial
from pgplay.locale.catalog import Coded
from pgplay.rewards.formula import parse_formula
from pgplay.rewards.python.source import is_python
from pgplay.runs.curves import Bucket
from pgplay.runs.database_reader import DatabaseReader

_BUCKETS = 64
_FALL = 0.2
"""The least fall of a measure, as a share of its range over all runs of the sweep; a smaller one may be noise."""
_LEAST_FALL = 0.1
"""The least fall as a share of the largest value, where no run moves the measure much."""
_NEARLY = 0.9
"""From this share of a reward's range on, it is nearly the most."""


class _Turn(NamedTuple):
    """From the step at which a measure was best to the run's end: how far it fell, and whether the reward rose."""

    fall: float
    reward_rose: bool
    low: float
    high: float


class HackedRewards:
    """Names the recipes of an experiment whose reward is hacked; a run is read once."""

    def __init__(self) -> None:
        self._turns: dict[tuple[str, int, str], _Turn | None] = {}

    def named(self, summary: Summary) -> dict[int, Coded]:
        """Return for each recipe with a hacked reward, by its place, what shows it."""
        signs = {place: self._sign(summary, result) for place, result in enumerate(summary.results)}
        return {place: sign for place, sign in signs.items() if sign is not None}

    def _sign(self, summary: Summary, result: RecipeResult) -> Coded | None:
        of = len(result.ended)
        for measure in result.entry.config.measure:
            turns = [self._turn(trial, measure) for other in summary.results for trial in other.ended]
            known = [turn for turn in turns if turn is not None]
            if not known:
                continue
            low, high = min(turn.low for turn in known), max(turn.high for turn in known)
            least = max(_FALL * (high - low), _LEAST_FALL * max(abs(low), abs(high)))
            own = [self._turn(trial, measure) for trial in result.ended]
            runs = sum(turn is not None and turn.reward_rose and turn.fall >= least > 0 for turn in own)
            if 2 * runs > of:
                return coded("hacked.measure", measure=measure, runs=runs, of=of)
        most = _most_of(result)
        runs = sum(_misses_the_target(trial, most) for trial in result.ended) if most is not None else 0
        return coded("hacked.target", runs=runs, of=of) if 2 * runs > of else None

    def _turn(self, trial: Trial, measure: str) -> _Turn | None:
        if trial.outcome is None or trial.report is None or not trial.outcome.run:
            return None
        key = trial.outcome.run, trial.report.step, measure
        if key not in self._turns:
            try:
                with DatabaseReader.open(trial.outcome.run) as store:
                    curves = store.curves(_BUCKETS).of
            except PgplayError:  # it was deleted meanwhile, or is damaged: its row says so
                return None
            self._turns[key] = _turn_of(curves.get("reward_mean", ()), curves.get(f"measure:{measure}", ()))
        return self._turns[key]


def _turn_of(rewards: Sequence[Bucket], measures: Sequence[Bucket]) -> _Turn | None:
    if not rewards or not measures:
        return None
    best = max(measures, key=lambda bucket: bucket.mean)
    then = min(rewards, key=lambda bucket: abs(bucket.step - best.step))
    values = [bucket.mean for bucket in measures]
    return _Turn(best.mean - measures[-1].mean, rewards[-1].mean > then.mean, min(values), max(values))


def _most_of(result: RecipeResult) -> float | None:
    """Return from which greedy reward on a completion earns nearly the most; None where the range is unknown.

    Also for a task's own scoring, which may give as much to another text than the target.
    """
    reward = result.entry.config.reward
    if is_python(reward):
        return None
    formula = parse_formula(reward)
    if formula.uses_own_scoring:
        return None
    low, high = formula.range
    return low + _NEARLY * (high - low) if math.isfinite(low) and math.isfinite(high) and high > low else None


def _misses_the_target(trial: Trial, most: float) -> bool:
    metrics = trial.report.metrics if trial.report is not None else {}
    return metrics.get("exact_match") == 0.0 and metrics.get("greedy_reward", -math.inf) >= most

