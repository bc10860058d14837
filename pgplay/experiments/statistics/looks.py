"""Seeds added until a difference is clear: when to look, and what a look may find without looking too often."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from pgplay.errors import InputError
from pgplay.experiments.statistics.estimates import FEW

ERROR = 0.05
"""The share of experiments without any difference in which one is found, over all looks together."""

MOST_SEEDS = 64
"""The seeds after which no more are added, unless said otherwise."""

_HOPELESS = 50
"""A difference that needs more than this many times the pairs is not forecast: it is hardly distinguishable from 0."""


def looks_at(most: int) -> list[int]:
    """Return the numbers of seeds after which to look: FEW, then twice as many each time, at the latest `most`."""
    looks = []
    seeds = FEW
    while seeds < most:
        looks.append(seeds)
        seeds *= 2
    return [*looks, most] if most >= FEW else []


def split_by_looks(seeds: Sequence[int]) -> list[list[int]]:
    """Return the `seeds` to add before each look; raises InputError for fewer than FEW."""
    ends = looks_at(len(seeds))
    if not ends:
        raise InputError("sweep.too_few_seeds", few=FEW)
    return [list(seeds[start:end]) for start, end in zip([0, *ends], ends, strict=False)]


def error_per_look(looks: int) -> float:
    """Return the p below which one of `looks` finds a difference: ERROR in equal parts (Bonferroni).

    It needs no assumption on how the looks depend on each other, and stays valid if the experiment ends early.
    """
    return ERROR / looks


def pairs_needed(pairs: int, p: float, threshold: float) -> int | None:
    """Return how many pairs bring `p`, found with `pairs`, down to `threshold`, if the difference is as large as seen.

    None if it is so small that a forecast means nothing. By the normal approximation: z grows as the root of the pairs.
    """
    if p <= threshold:
        return pairs
    if p >= 1.0:
        return None
    normal = NormalDist()
    needed = pairs * (normal.inv_cdf(1 - threshold / 2) / normal.inv_cdf(1 - p / 2)) ** 2
    return math.ceil(needed) if needed <= _HOPELESS * pairs else None
