"""Recovery from a collapse: a policy that is certain of a text which earns less than the most begins almost anew.

Where every completion is the same, no reward differs and the policy gradient is nothing; and where the softmax is
saturated, the gradient of the entropy is nothing too, however large its weight. What is left is to move the weights:
shrink and perturb (Ash and Adams 2020, arXiv:1910.08475), most of the way to those of an untrained network, as often
as it takes.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from pgplay.learning.schedules.entropy_weight import COLLAPSED
from pgplay.policies.policy import Policy

SHARE = 0.9
"""Of the way to an untrained network. With half of it completions differ again while most positions are still
saturated: of 60 collapsed policies 3 did not recover in 15 s."""


def is_collapsed(metrics: Mapping[str, float]) -> bool:
    """Tell whether a step with these `metrics` had nothing to learn from, and something left to learn."""
    return (
        metrics["entropy"] < COLLAPSED
        and metrics["tied_groups"] == 1.0
        and metrics["reward_mean"] < 1.0
        and metrics.get("exact_match") != 1.0
    )


@torch.no_grad()
def shrink_and_perturb(policy: Policy, seed: int) -> None:
    """Move all of the policy's weights `SHARE` of the way to those of an untrained network of its shape and `seed`."""
    untrained = Policy(policy.shape, policy.device, seed)
    for parameter, first in zip(policy.trainable_parameters(), untrained.trainable_parameters(), strict=True):
        parameter.lerp_(first, SHARE)
