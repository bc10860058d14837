"""How the weight of the divergence from the reference moves, so that the divergence stays under a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a plan is made where torch is never loaded
    from torch import Tensor

USUAL = 0.05
"""The weight far below a limit, where a person names the limit alone."""
MOST = 100.0
"""How many times that the weight may become: a policy that is at its limit, or beyond it, is led back."""
AHEAD = 3.0
"""Steps at the present pace that are looked ahead, as Adam goes on for some. With none, small runs from scratch went up
to 76% beyond their limit, with 2 up to 21%, with 3 up to 4%."""


def start_weight(weight: float | None, limit: float | None) -> float:
    """Return the weight far below a `limit`: what a person set, else none where nothing is to be held."""
    return (0.0 if limit is None else USUAL) if weight is None else weight


def kl_weight(start: float, limit: float | None, divergence: Tensor, before: float | Tensor | None) -> Tensor:
    """Return the weight (scalar) of a mean `divergence` (scalar, nats a token), which was `before` at the last step.

    start / (1 - d / limit), d being the divergence as it will soon be: the slope of a barrier, -start * limit *
    log(1 - d / limit) (interior-point policy optimisation, Liu, Ding and Liu 2019, arXiv:1910.09615), with the
    derivative term of a PID controller (Stooke, Achiam and Abbeel 2020, arXiv:2007.03964). A controller that
    accumulates (Ziegler et al. 2019, arXiv:1909.08593) comes too late where a run takes 16 steps: under a limit of 0.5
    it let the preset no-letter-e go to 0.75 nats.
    """
    if limit is None:
        return divergence.new_full((), start)
    growth = 0.0 if before is None else (divergence - before).clamp_min(0.0)
    return start / (1 - (divergence + AHEAD * growth) / limit).clamp_min(1 / MOST)
