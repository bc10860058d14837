"""What a reward will do, before any training: `probe(reward, written, ...)` measures it, `verdicts.judge` says it.

It needs the completions of the untrained policy, which the caller writes, and runs nothing but the reward. What it
looks at: how the rewards of those completions are spread, whether groups of them differ at all, what a reward costs,
whether it rises along random edits towards the target, and where greedy climbing by single edits ends. Each number is
that of its seed, but for the cost; a slow reward is climbed less far.

Left out on purpose: anything that a policy learns. Edits are no gradient steps: a reward that edits climb can still be
hard for a policy, but one that is flat here gives a policy nothing to learn from.
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

BINS = 16
PATHS = 16
"""Random paths of edits, shared among the targets."""
LONGEST_PATH = 24
CLIMBS = 8
CLIMB_SECONDS = 3.0
"""So long the climbs may take in all, by the measured cost; for a short text a built-in reward needs a tenth of it."""
MOST_SCORES = 150_000


class Histogram(msgspec.Struct, frozen=True):
    """How many values lie between each two neighbouring `edges`; the last bin holds its upper edge too."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class PathPoint(msgspec.Struct, frozen=True):
    """The rewards of texts that are so many random edits away from where the paths begin."""

    edits: int
    mean: float
    low: float
    high: float


class Towards(msgspec.Struct, frozen=True):
    """Shares of the single steps back along the paths, to where they begin, that raise, keep and lower the reward."""

    raises: float
    keeps: float
    lowers: float


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found about `reward`, a spec. Without a target the paths begin at the best completion, not at it."""

    reward: str
    needs_target: bool
    completions: int
    distinct: int
    """So many of the completions differ."""
    mean: float
    lowest: float
    highest: float
    histogram: Histogram
    group_size: int
    tied_groups: float
    """Share of the groups whose rewards are all equal and so teach nothing."""
    most_common: float
    """Share of the completions that get the most common reward."""
    length_correlation: float
    """Rank correlation of the completions' rewards with their lengths; 0 where either never changes."""
    noise: float
    """Mean difference between two rewards of one text, as a share of the rewards' range; 0 where they agree."""
    microseconds: float
    """Cost of a distinct completion; for a person's Python the way to its process and back is part of it."""
    target_reward: float | None
    """What the targets score, on average; None where no target is needed."""
    max_length: int
    """So many characters a completion may have."""
    path: tuple[PathPoint, ...]
    towards: Towards
    climbs: tuple[Climb, ...]


def probe(
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
    """Return what `reward` makes of `written`, the untrained policy's completions, and of the texts around them.

    `written` stands in groups of `group_size` completions of one prompt, as in training. `alphabet` and `max_length`
    say what a policy can write, `pairs` which prompts have further right answers beside their targets. The climbs take
    about `climb_seconds` at most. Raises RewardError where the reward fails, with the text that it failed for.
    """
    random = Random(seed)
    Meter(reward).score(written[:1])  # the first call loads libraries
    meter, second = Meter(reward, pairs), Meter(reward, pairs)
    values, again = meter.score(written), second.score(written)
    microseconds = min(meter.microseconds, second.microseconds)
    needs_target = reward.needs_target and all(one.target for one in written)
    goals = list(dict.fromkeys(one._replace(text=one.target) for one in written))[:CLIMBS]
    origins = goals if needs_target else [written[values.index(max(values))]]
    paths = [
        _path(origins[number % len(origins)], alphabet, max_length, random)
        for number in range(max(PATHS, len(origins)))
    ]
    rewards_along = [meter.score(path) for path in paths]
    most_scores = int(min(MOST_SCORES, 1e6 * climb_seconds / max(microseconds, 1e-3))) // CLIMBS
    counted = Counter(values)
    spread = max(values) - min(values)
    difference = statistics.fmean(abs(one - two) for one, two in zip(values, again, strict=True))
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
        length_correlation=_rank_correlation(values, [len(one.text) for one in written]),
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
    """Return the share of groups of `group_size` neighbouring `rewards` that are all equal, and so teach nothing."""
    groups = [rewards[start : start + group_size] for start in range(0, len(rewards), group_size)]
    return sum(min(group) == max(group) for group in groups) / len(groups)


def histogram(values: Sequence[float], bins: int = BINS) -> Histogram:
    """Return `values` counted in `bins` of equal width from the lowest to the highest; in one bin where these agree."""
    low, high = min(values), max(values)
    if high - low <= SAME:
        return Histogram((low, high), (len(values),))
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int(bins * ((value - low) / (high - low))))] += 1
    return Histogram(tuple(low + (high - low) * edge / bins for edge in range(bins + 1)), tuple(counts))


def _path(origin: Triple, alphabet: str, max_length: int, random: Random) -> list[Triple]:
    """Return `origin` and what random edits make of it, one more each; twice as many as it has characters."""
    path = [origin]
    for _ in range(min(LONGEST_PATH, max(4, 2 * len(origin.text)))):
        path.append(origin._replace(text=random_edit(path[-1].text, alphabet, max_length, random)))
    return path


def _points(paths: Sequence[Sequence[float]]) -> tuple[PathPoint, ...]:
    """Return mean and extremes over those of `paths`, of rewards, that go on so far, for each number of edits."""
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
    """Return Spearman's rank correlation (1904), equal ones sharing a rank; 0 where either never changes."""
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
    """Return up to `count` different ones of `written`, of many prompts, with the highest of their `values`.

    These are what a policy follows: where its best completions are no way up, the others hardly are.
    """
    ranked = sorted(dict(zip(written, values, strict=True)).items(), key=lambda item: -item[1])
    turns: Counter[str] = Counter()
    order = []
    for place, (triple, _) in enumerate(ranked):
        order.append((turns[triple.prompt], place, triple))
        turns[triple.prompt] += 1
    return [triple for _, _, triple in sorted(order)[:count]]
