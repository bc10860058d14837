"""The weight of the KL to the reference, which keeps the KL under a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # plans are also made in processes without torch
    from torch import Tensor

USUAL_KL_WEIGHT, ADAPTER_KL_WEIGHT = 0.05, 0.15
"""Default weights far below a limit; the second for an adapter, which has more parameters than a run has tokens: with a
smaller weight most of its KL is noise that earns no reward."""
MOST_KL_WEIGHT = 100.0
"""Largest weight, as a multiple of the initial one; it pulls a policy at or beyond its limit back."""
AHEAD = 3.0
"""Steps to extrapolate at the present pace: Adam keeps its direction for a few steps."""


def start_weight(weight: float | None, limit: float | None, usual: float = USUAL_KL_WEIGHT) -> float:
    """Return the weight far below a `limit`: the setting `weight`, or the `usual` one."""
    return (0.0 if limit is None else usual) if weight is None else weight


class Smoothing(NamedTuple):
    """The shares of the newest step in the smoothed level and growth of the KL."""

    level: float
    growth: float


UNSMOOTHED = Smoothing(1.0, 1.0)
ADAPTER_SMOOTHING = Smoothing(0.5, 0.3)
"""For an adapter: a few dozen completions of other prompts each step, whose mean KL differs by more than it grows."""


class KlLevel(NamedTuple):
    """The smoothed KL to the reference, nats per token, and its growth per step: both floats or both scalars."""

    level: Any
    growth: Any


def next_level(before: KlLevel | None, divergence: float | Tensor, smoothing: Smoothing) -> KlLevel:
    """Return the level after a step with a mean `divergence`, None `before` the first one.

    Holt's linear smoothing (1957, reprinted as doi:10.1016/j.ijforecast.2003.09.015).
    """
    if before is None:
        return KlLevel(divergence, 0.0 * divergence)
    level = smoothing.level * divergence + (1 - smoothing.level) * (before.level + before.growth)
    return KlLevel(level, smoothing.growth * (level - before.level) + (1 - smoothing.growth) * before.growth)


def kl_weight(start: float, limit: float | None, divergence: KlLevel) -> Tensor:
    """Return the weight (scalar) for a `divergence` of scalars.

    start / (1 - d / limit), where d is the extrapolated divergence: the slope of a barrier, -start * limit *
    log(1 - d / limit) (interior-point policy optimisation, Liu, Ding and Liu 2019, arXiv:1910.09615), with the
    derivative term of a PID controller (Stooke, Achiam and Abbeel 2020, arXiv:2007.03964). An integrating controller
    (Ziegler et al. 2019, arXiv:1909.08593) reacts too late for runs of a few dozen steps.
    """
    level: Tensor = divergence.level
    if limit is None:
        return level.new_full((), start)
    ahead = level + AHEAD * divergence.growth.clamp_min(0.0)
    weight: Tensor = start / (1 - ahead / limit).clamp_min(1 / MOST_KL_WEIGHT)
    return weight
