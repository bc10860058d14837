"""What of a step is drawn as a map over the steps: which token of the target is learnt, where the rewards lie.

Pure Python on numbers that the step has computed anyway: no pass through the network, a few microseconds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

from pgplay.learning.reports.step_report import MOST_POSITIONS, Trace

BINS = 20


def trace_of(rewards: Sequence[float], target_losses: Tensor | None = None, mask: Tensor | None = None) -> Trace:
    """Return the trace of a step with these `rewards`.

    target_losses, mask (M, L): -log p of the tokens of M measured targets, and where there is one; None without a
    network.
    """
    target = () if target_losses is None or mask is None else target_probabilities(target_losses, mask)
    low, high = min(0.0, *rewards), max(1.0, *rewards)
    return Trace(target, low, high, histogram(rewards, low, high))


def histogram(rewards: Sequence[float], low: float, high: float, bins: int = BINS) -> tuple[int, ...]:
    """Return how many of `rewards` lie in each of `bins` equal parts from `low` to `high`, which is in the last one."""
    counts = [0] * bins
    width = high / bins - low / bins  # not (high - low) / bins: rewards may be as large as they like
    for reward in rewards:
        counts[min(bins - 1, int(reward / width - low / width))] += 1
    return tuple(counts)


def target_probabilities(target_losses: Tensor, mask: Tensor) -> tuple[float, ...]:
    """Return the mean probability of the targets' first tokens, of their second, and so on, MOST_POSITIONS at most."""
    by_position: list[list[float]] = []
    for losses, counted in zip(target_losses.tolist(), mask.tolist(), strict=True):
        own = [loss for loss, counts in zip(losses, counted, strict=True) if counts][:MOST_POSITIONS]
        for position, loss in enumerate(own):
            if position == len(by_position):
                by_position.append([])
            by_position[position].append(math.exp(-loss))
    return tuple(round(sum(values) / len(values), 4) for values in by_position)
