"""What an experiment found: one result per recipe over its seeds, and each recipe compared with the first.

All recipes with the first, not each with each: with Holm's correction, fewer comparisons need fewer seeds.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Literal, NamedTuple

from pgplay.experiments.recipes import RecipeEntry
from pgplay.experiments.statistics.estimates import (
    CONFIDENCE,
    FEW,
    Interval,
    interquartile_mean,
    mean_interval,
    share_interval,
)
from pgplay.experiments.statistics.looks import ERROR
from pgplay.experiments.statistics.pairs import PairedComparison, compare_times, compare_values, holm
from pgplay.experiments.statistics.survival import MedianTime, median_time
from pgplay.experiments.trials import Trial
from pgplay.experiments.yardstick import HELD_OUT, Yardstick, value_at_end

PairVerdict = Literal["better", "worse", "not told apart"]


class Measured(NamedTuple):
    """A metric at the end of a recipe's runs: its mean with an interval, and its interquartile mean, for many runs."""

    values: dict[int, float]
    """By seed."""
    mean: float | None
    interval: Interval | None
    middle: float | None


class RecipeResult(NamedTuple):
    """One recipe over the runs that ended; `measured` is None if recipes are compared by completions alone."""

    entry: RecipeEntry
    trials: tuple[Trial, ...]
    ended: tuple[Trial, ...]
    solved: int
    solved_interval: Interval | None
    time: MedianTime
    measured: Measured | None
    held_out: dict[str, float]
    """Means of the held-out metrics, by name; empty where no prompts are held out."""

    @property
    def seconds(self) -> float:
        """The mean duration of a run, 0 without one."""
        durations = [trial.report.seconds for trial in self.ended if trial.report is not None]
        return statistics.fmean(durations) if durations else 0.0


class Comparison(NamedTuple):
    """Recipe number `b` against recipe number `a`; `p` is corrected for the number of comparisons and of looks."""

    a: int
    b: int
    paired: PairedComparison
    p: float | None
    verdict: PairVerdict


class Summary(NamedTuple):
    """An experiment's results, in the order of its recipes, and its comparisons by `yardstick`."""

    yardstick: Yardstick
    results: tuple[RecipeResult, ...]
    comparisons: tuple[Comparison, ...]
    looks: int

    @property
    def confidence(self) -> float:
        """The confidence of every interval."""
        return _confidence(self.looks)

    @property
    def is_clear(self) -> bool:
        """Whether every comparison is told apart."""
        return all(comparison.verdict != "not told apart" for comparison in self.comparisons)

    @property
    def p_to_tell_apart(self) -> float:
        """The p before corrections below which any comparison is told apart."""
        return ERROR / (self.looks * max(1, len(self.comparisons)))

    def ranked(self) -> list[RecipeResult]:
        """Return the results, the best by the yardstick first; results without a value last, in their order."""
        return sorted(self.results, key=self._rank)

    def _rank(self, result: RecipeResult) -> tuple[float, float]:
        if self.yardstick.kind == "completions":
            return math.inf if result.time.median is None else result.time.median, -result.solved
        mean = result.measured.mean if result.measured is not None else None
        return math.inf if mean is None else -mean, 0.0


def summarise(
    entries: Sequence[RecipeEntry], trials: Sequence[Trial], yardstick: Yardstick, looks: int = 1
) -> Summary:
    """Return what `trials` say about `entries`; `looks` is how often their differences are looked at in all."""
    confidence = _confidence(looks)
    results = [
        _result(entry, [trial for trial in trials if trial.entry == place], yardstick, confidence)
        for place, entry in enumerate(entries)
    ]
    pairs = [_compare(results[0], result, yardstick, confidence) for result in results[1:]]
    corrected = iter(holm([paired.p for paired in pairs if paired.p is not None]))
    comparisons = []
    for place, paired in enumerate(pairs):
        p = min(1.0, looks * next(corrected)) if paired.p is not None else None
        comparisons.append(Comparison(0, place + 1, paired, p, _verdict(paired, p)))
    return Summary(yardstick, tuple(results), tuple(comparisons), looks)


def _confidence(looks: int) -> float:
    return 1 - (1 - CONFIDENCE) / looks


def _result(entry: RecipeEntry, trials: Sequence[Trial], yardstick: Yardstick, confidence: float) -> RecipeResult:
    ended = tuple(trial for trial in trials if trial.ended)
    solved = sum(trial.reached for trial in ended)
    held_out = {name: _measure(ended, name, confidence).mean for name in HELD_OUT} if entry.config.held_out else {}
    return RecipeResult(
        entry,
        tuple(trials),
        ended,
        solved,
        share_interval(solved, len(ended), confidence) if len(ended) >= FEW else None,
        median_time([trial.time for trial in ended], confidence),
        _measure(ended, yardstick.metric, confidence) if yardstick.kind == "metric" else None,
        {name: mean for name, mean in held_out.items() if mean is not None},
    )


def _measure(ended: Sequence[Trial], metric: str, confidence: float) -> Measured:
    found = {trial.config.seed: value_at_end(trial, metric) for trial in ended}
    by_seed = {seed: value for seed, value in found.items() if value is not None}
    values = list(by_seed.values())
    if not values:
        return Measured({}, None, None, None)
    interval = mean_interval(values, sum(by_seed), confidence)  # drawn from the experiment's own seeds
    return Measured(by_seed, statistics.fmean(values), interval, interquartile_mean(values))


def _compare(a: RecipeResult, b: RecipeResult, yardstick: Yardstick, confidence: float) -> PairedComparison:
    if yardstick.kind == "completions":
        first, second = ({trial.config.seed: trial.time for trial in result.ended} for result in (a, b))
        seeds = [seed for seed in first if seed in second]
        return compare_times([first[seed] for seed in seeds], [second[seed] for seed in seeds], confidence)
    before, after = (result.measured.values if result.measured is not None else {} for result in (a, b))
    seeds = [seed for seed in before if seed in after]
    return compare_values([before[seed] for seed in seeds], [after[seed] for seed in seeds], confidence)


def _verdict(paired: PairedComparison, p: float | None) -> PairVerdict:
    if p is None or p > ERROR or not paired.favours:
        return "not told apart"
    return "better" if paired.favours > 0 else "worse"
