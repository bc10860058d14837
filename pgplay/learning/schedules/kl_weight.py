"""The weight of the KL to the reference, which keeps the KL under a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def kl_weight(start: float, limit: float | None, divergence: Tensor, before: float | Tensor | None) -> Tensor:
    """Return the weight (scalar) for a mean `divergence` (scalar, nats per token) that was `before` at the last step.

    start / (1 - d / limit), where d is the extrapolated divergence: the slope of a barrier, -start * limit *
    log(1 - d / limit) (interior-point policy optimisation, Liu, Ding and Liu 2019, arXiv:1910.09615), with the
    derivative term of a PID controller (Stooke, Achiam and Abbeel 2020, arXiv:2007.03964). An integrating controller
    (Ziegler et al. 2019, arXiv:1909.08593) reacts too late for runs of a few dozen steps.
    """
    if limit is None:
        return divergence.new_full((), start)
    growth = 0.0 if before is None else (divergence - before).clamp_min(0.0)
    return start / (1 - (divergence + AHEAD * growth) / limit).clamp_min(1 / MOST_KL_WEIGHT)
