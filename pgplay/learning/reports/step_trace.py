"""The heatmap rows of a step: probabilities of the target's tokens, and a histogram of the rewards.

Pure Python on numbers the step has already computed: no pass through the network, a few microseconds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

from pgplay.learning.reports.step_report import MOST_POSITIONS, Trace

_BINS = 20


def trace_of(rewards: Sequence[float], target_losses: Tensor | None = None, mask: Tensor | None = None) -> Trace:
    """Return the trace of a step with these `rewards`.

    target_losses, mask (M, L): -log p of the tokens of M measured targets, and the positions that have a token; None
    without a network.
    """
    target = () if target_losses is None or mask is None else target_probabilities(target_losses, mask)
    low, high = min(0.0, *rewards), max(1.0, *rewards)
    return Trace(target, low, high, reward_histogram(rewards, low, high))


def reward_histogram(rewards: Sequence[float], low: float, high: float, bins: int = _BINS) -> tuple[int, ...]:
    """Return the number of `rewards` in each of `bins` equal bins from `low` to `high`; the last includes `high`."""
    counts = [0] * bins
    width = high / bins - low / bins  # not (high - low) / bins, which could overflow
    for reward in rewards:
        counts[min(bins - 1, int(reward / width - low / width))] += 1
    return tuple(counts)


def target_probabilities(target_losses: Tensor, mask: Tensor) -> tuple[float, ...]:
    """Return the mean probability of the targets' tokens at each position, up to MOST_POSITIONS."""
    by_position: list[list[float]] = []
    for losses, counted in zip(target_losses.tolist(), mask.tolist(), strict=True):
        present = [loss for loss, counts in zip(losses, counted, strict=True) if counts]
        for position, loss in enumerate(present[:MOST_POSITIONS]):
            if position == len(by_position):
                by_position.append([])
            by_position[position].append(math.exp(-loss))
    return tuple(round(sum(values) / len(values), 4) for values in by_position)
