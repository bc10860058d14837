"""Sample completions from across the rewards of a step, and statistics of its rewards."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

from pgplay.learning.reports.step_report import Role, Sample
from pgplay.policies.rollout import Completion
from pgplay.rewards.probe.probe import tied_share
from pgplay.rewards.reward import Reward
from pgplay.tasks.task import Pair

QUANTILES: tuple[tuple[Role, float], ...] = (
    ("top", 1.0),
    ("upper", 0.75),
    ("middle", 0.5),
    ("lower", 0.25),
    ("bottom", 0.0),
)


def quantile_rows(rewards: Sequence[float]) -> list[tuple[Role, int]]:
    """Return the row at each role's quantile of `rewards`; of equal rewards the earlier row counts as higher."""
    order = sorted(range(len(rewards)), key=lambda row: (rewards[row], -row))
    return [(role, order[round(quantile * (len(order) - 1))]) for role, quantile in QUANTILES]


def quantile_samples(
    pairs: Sequence[Pair], completions: Sequence[Completion], rewards: Sequence[float], step: int
) -> list[Sample]:
    """Return one sample per role from the B `completions` for `pairs` with `rewards`, the top one first."""
    return [sample_of(role, pairs[row], completions[row], rewards[row], step) for role, row in quantile_rows(rewards)]


def sample_of(role: Role, pair: Pair, completion: Completion, reward: float, step: int) -> Sample:
    """Return the sample for a `completion`."""
    return Sample(
        role=role,
        prompt=pair.prompt,
        text=completion.text,
        target=pair.nearest(completion.text),
        reward=reward,
        step=step,
        finished=completion.finished,
        tokens=completion.pieces,
        columns=pair.columns,
    )


def further_values(
    texts: Sequence[str], pairs: Sequence[Pair], parts: Mapping[str, Sequence[float]], measures: Mapping[str, Reward]
) -> dict[str, Sequence[float]]:
    """Return the reward's `parts` and the `measures` of B `texts` by metric name.

    `parts` may have more than B values. Raises RewardError if a measure fails.
    """
    values: dict[str, Sequence[float]] = {f"part:{name}": part[: len(texts)] for name, part in parts.items()}
    for name, measure in measures.items():
        values[f"measure:{name}"] = measure.score_pairs(texts, pairs).values
    return values


def further_series(
    texts: Sequence[str], pairs: Sequence[Pair], values: Mapping[str, Sequence[float]]
) -> dict[str, float]:
    """Return the means of further `values` of B `texts`, and the number of distinct texts."""
    series = {name: sum(row) / len(texts) for name, row in values.items()}
    prompts = [pair.prompt for pair in pairs]
    return {**series, "unique_completions": float(len(set(zip(prompts, texts, strict=True))))}


def reward_statistics(rewards: Sequence[float], group_size: int) -> dict[str, float]:
    """Return statistics of a step's `rewards`, in groups of `group_size` per prompt, by metric name."""
    ordered, mean = sorted(rewards), statistics.fmean(rewards)
    squares = math.fsum((reward - mean) ** 2 for reward in rewards)  # ten times as fast as statistics.stdev
    return {
        "reward_mean": mean,
        "reward_std": math.sqrt(squares / (len(rewards) - 1)),
        "reward_min": ordered[0],
        "reward_max": ordered[-1],
        "reward_q10": ordered[round(0.1 * (len(ordered) - 1))],
        "reward_q50": ordered[round(0.5 * (len(ordered) - 1))],
        "reward_q90": ordered[round(0.9 * (len(ordered) - 1))],
        "tied_groups": tied_share(rewards, group_size),
    }
