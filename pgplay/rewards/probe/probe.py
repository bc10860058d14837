"""Measures a reward before any training; `verdict.judge` interprets the measurements.

It takes completions of the untrained policy and runs only the reward: the spread of their rewards, the share of tied
groups, the cost of a reward, its rise along random edits towards the target, and the ends of hill climbing by single
edits. All numbers except the cost depend only on the seed; a slow reward is climbed less far.

Learning is left out on purpose. Edits are not gradient steps: a reward that edits can climb may still be hard for a
policy, but one that is flat here gives a policy no signal.
"""

from __future__ import annotations

import itertools
import statistics
from collections import Counter
from collections.abc import Sequence
from random import Random

import msgspec

from pgplay.rewards.edits import random_edit
from pgplay.rewards.probe.hill_climb import SAME, Climb, Meter, climb
from pgplay.rewards.records import Triple
from pgplay.rewards.reward import Reward
from pgplay.tasks.task import Pair

_BINS = 16
PATHS = 16
"""Number of random paths of edits, over all targets."""
LONGEST_PATH = 24
CLIMBS = 8
CLIMB_SECONDS = 3.0
"""Time limit of all climbs in seconds, by the measured cost; a built-in reward and a short text need a tenth of it."""
MOST_SCORES = 150_000


class Histogram(msgspec.Struct, frozen=True):
    """The number of values in each bin between neighbouring `edges`; the last bin includes its upper edge."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class PathPoint(msgspec.Struct, frozen=True):
    """The rewards of texts `edits` random edits away from the start of the paths."""

    edits: int
    mean: float
    low: float
    high: float


class Towards(msgspec.Struct, frozen=True):
    """Shares of single steps back along the paths that raise, keep and lower the reward."""

    raises: float
    keeps: float
    lowers: float


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """The measurements of `reward`, a spec. Paths start at the target, or at the best completion without one."""

    reward: str
    needs_target: bool
    completions: int
    distinct: int
    """Number of distinct completions."""
    mean: float
    lowest: float
    highest: float
    histogram: Histogram
    group_size: int
    tied_groups: float
    """Share of groups with equal rewards, which give no signal."""
    most_common: float
    """Share of completions with the most common reward."""
    length_correlation: float
    """Rank correlation of the completions' rewards with their lengths; 0 if either is constant."""
    noise: float
    """Mean difference between two rewards of the same text, as a share of the rewards' range."""
    microseconds: float
    """Seconds per distinct completion, including communication for Python rewards."""
    target_reward: float | None
    """Mean reward of the targets; None if no target is needed."""
    max_length: int
    """Longest completion in characters."""
    path: tuple[PathPoint, ...]
    towards: Towards
    climbs: tuple[Climb, ...]


def measure_reward(
    reward: Reward,
    written: Sequence[Triple],
    *,
    alphabet: str,
    max_length: int,
    group_size: int,
    pairs: Sequence[Pair] = (),
    climb_seconds: float = CLIMB_SECONDS,
    seed: int = 0,
) -> Probe:
    """Measure `reward` on `written`, completions of the untrained policy, and on texts around them.

    `written` has groups of `group_size` completions per prompt, as in training. `alphabet` and `max_length` limit the
    texts a policy can write; `pairs` are prompts with further right answers. The climbs take about `climb_seconds` at
    most. Raises RewardError, with the text, if the reward fails.
    """
    random = Random(seed)
    Meter(reward).score(written[:1])  # the first call loads libraries
    meter, second = Meter(reward, pairs), Meter(reward, pairs)
    values, again = meter.score(written), second.score(written)
    microseconds = min(meter.microseconds, second.microseconds)
    needs_target = reward.needs_target and all(triple.target for triple in written)
    goals = list(dict.fromkeys(triple._replace(text=triple.target) for triple in written))[:CLIMBS]
    origins = goals if needs_target else [written[values.index(max(values))]]
    paths = [
        _path(origins[number % len(origins)], alphabet, max_length, random)
        for number in range(max(PATHS, len(origins)))
    ]
    rewards_along = [meter.score(path) for path in paths]
    most_scores = int(min(MOST_SCORES, 1e6 * climb_seconds / max(microseconds, 1e-3))) // CLIMBS
    counted = Counter(values)
    spread = max(values) - min(values)
    difference = statistics.fmean(abs(first - other) for first, other in zip(values, again, strict=True))
    return Probe(
        reward=reward.spec,
        needs_target=needs_target,
        completions=len(written),
        distinct=len(set(written)),
        mean=statistics.fmean(values),
        lowest=min(values),
        highest=max(values),
        histogram=histogram(values),
        group_size=group_size,
        tied_groups=tied_share(values, group_size),
        most_common=max(counted.values()) / len(values),
        length_correlation=_rank_correlation(values, [len(triple.text) for triple in written]),
        noise=difference / spread if spread else 0.0,
        microseconds=microseconds,
        target_reward=statistics.fmean(meter.score(goals)) if needs_target else None,
        max_length=max_length,
        path=_points(rewards_along),
        towards=_towards(rewards_along),
        climbs=tuple(
            climb(
                meter,
                start,
                alphabet,
                max_length,
                needs_target=needs_target,
                most_scores=most_scores,
                random=random,
            )
            for start in _best(written, values, CLIMBS)
        ),
    )


def tied_share(rewards: Sequence[float], group_size: int) -> float:
    """Return the share of groups of `group_size` consecutive `rewards` that are tied."""
    groups = [rewards[start : start + group_size] for start in range(0, len(rewards), group_size)]
    return sum(min(group) == max(group) for group in groups) / len(groups)


def histogram(values: Sequence[float], bins: int = _BINS) -> Histogram:
    """Return a histogram of `values` with `bins` of equal width; one bin if all values are equal."""
    low, high = min(values), max(values)
    if high - low <= SAME:
        return Histogram((low, high), (len(values),))
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int(bins * ((value - low) / (high - low))))] += 1
    return Histogram(tuple(low + (high - low) * edge / bins for edge in range(bins + 1)), tuple(counts))


def _path(origin: Triple, alphabet: str, max_length: int, random: Random) -> list[Triple]:
    """Return `origin` and texts with 1, 2, ... random edits of it, up to twice its number of characters."""
    path = [origin]
    for _ in range(min(LONGEST_PATH, max(4, 2 * len(origin.text)))):
        path.append(origin._replace(text=random_edit(path[-1].text, alphabet, max_length, random)))
    return path


def _points(paths: Sequence[Sequence[float]]) -> tuple[PathPoint, ...]:
    """Return mean, minimum and maximum of the rewards on `paths` for each number of edits."""
    points = []
    for edits in range(max(map(len, paths))):
        values = [path[edits] for path in paths if len(path) > edits]
        points.append(PathPoint(edits, statistics.fmean(values), min(values), max(values)))
    return tuple(points)


def _towards(paths: Sequence[Sequence[float]]) -> Towards:
    steps = [near - far for path in paths for near, far in itertools.pairwise(path)]
    raises = sum(step > SAME for step in steps) / len(steps)
    lowers = sum(step < -SAME for step in steps) / len(steps)
    return Towards(raises, 1.0 - raises - lowers, lowers)


def _rank_correlation(values: Sequence[float], lengths: Sequence[int]) -> float:
    """Return Spearman's rank correlation (1904) with shared ranks for ties; 0 if either is constant."""
    if min(values) == max(values) or min(lengths) == max(lengths):
        return 0.0
    return statistics.correlation(_ranks(values), _ranks(lengths))


def _ranks(values: Sequence[float]) -> list[float]:
    counts = Counter(values)
    below, rank = 0, {}
    for value in sorted(counts):
        rank[value] = below + (counts[value] - 1) / 2
        below += counts[value]
    return [rank[value] for value in values]


def _best(written: Sequence[Triple], values: Sequence[float], count: int) -> list[Triple]:
    """Return up to `count` distinct `written` texts from many prompts with the highest `values`.

    A policy follows its best completions: if these cannot be improved, the others hardly can.
    """
    ranked = sorted(dict(zip(written, values, strict=True)).items(), key=lambda item: -item[1])
    turns: Counter[str] = Counter()
    order = []
    for place, (triple, _) in enumerate(ranked):
        order.append((turns[triple.prompt], place, triple))
        turns[triple.prompt] += 1
    return [triple for _, _, triple in sorted(order)[:count]]
