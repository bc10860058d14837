"""Recovery from a collapse: a policy that is certain of a wrong text starts almost from scratch.

If all completions are equal, their rewards are too, and the policy gradient is 0; if the softmax is saturated, the
entropy's gradient is 0 as well, whatever its weight. So the weights are moved most of the way back to those of a fresh
network (shrink and perturb: Ash and Adams 2020, arXiv:1910.08475), as often as needed.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from pgplay.learning.schedules.entropy_weight import COLLAPSED
from pgplay.policies.build import build_policy
from pgplay.policies.policy import Policy

SHARE = 0.9
"""Share of the way to a fresh network. With half, completions differ again while most positions are still saturated."""


def is_collapsed(metrics: Mapping[str, float]) -> bool:
    """Return whether a step with these `metrics` had no learning signal although the task is not solved."""
    return (
        metrics["entropy"] < COLLAPSED
        and metrics["tied_groups"] == 1.0
        and metrics["reward_mean"] < 1.0
        and metrics.get("exact_match") != 1.0
    )


@torch.no_grad()
def shrink_and_perturb(policy: Policy, seed: int) -> None:
    """Move all weights of `policy` `SHARE` of the way to a fresh network of its shape and `seed`."""
    fresh = build_policy(policy.shape, policy.device, seed)
    for parameter, first in zip(policy.trainable_parameters(), fresh.trainable_parameters(), strict=True):
        parameter.lerp_(first, SHARE)
