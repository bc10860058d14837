"""Samples that tell: not the first few of a step, but some from across its rewards."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from pgplay.learning.report import Role

QUANTILES: tuple[tuple[Role, float], ...] = (
    ("top", 1.0),
    ("upper", 0.75),
    ("middle", 0.5),
    ("lower", 0.25),
    ("bottom", 0.0),
)


def telling_rows(rewards: Sequence[float]) -> list[tuple[Role, int]]:
    """Return, for each role, the row at that quantile of `rewards`; of equal ones an earlier row is the higher."""
    order = sorted(range(len(rewards)), key=lambda row: (rewards[row], -row))
    return [(role, order[round(quantile * (len(order) - 1))]) for role, quantile in QUANTILES]


def reward_statistics(rewards: Sequence[float], group_size: int) -> dict[str, float]:
    """Return the statistics of a step's `rewards`, prompt by prompt in groups of `group_size`, by metric name."""
    ordered = sorted(rewards)
    groups = [rewards[start : start + group_size] for start in range(0, len(rewards), group_size)]
    return {
        "reward_mean": statistics.fmean(rewards),
        "reward_std": statistics.stdev(rewards),
        "reward_min": ordered[0],
        "reward_max": ordered[-1],
        "reward_q10": ordered[round(0.1 * (len(ordered) - 1))],
        "reward_q50": ordered[round(0.5 * (len(ordered) - 1))],
        "reward_q90": ordered[round(0.9 * (len(ordered) - 1))],
        "tied_groups": sum(min(group) == max(group) for group in groups) / len(groups),
    }
