"""Recovery from a collapse: a policy that is certain of a text which earns less than the most goes back halfway.

Where every completion is the same, no reward differs and the policy gradient is nothing; and where the softmax is
saturated, the gradient of the entropy is nothing too, however large its weight. What is left is to move the weights:
shrink and perturb (Ash and Adams 2020, arXiv:1910.08475), halfway to those of an untrained network, as often as it
takes. Half of what was learnt stays in the weights, and two or three steps of it make completions differ again.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from pgplay.policies.policy import Policy

COLLAPSED_ENTROPY = 0.01
"""Nats a token. Above it completions differ soon enough for rewards and entropy bonus to do the rest."""


def is_collapsed(metrics: Mapping[str, float]) -> bool:
    """Tell whether a step with these `metrics` had nothing to learn from, and something left to learn."""
    return (
        metrics["entropy"] < COLLAPSED_ENTROPY
        and metrics["tied_groups"] == 1.0
        and metrics["reward_mean"] < 1.0
        and metrics.get("exact_match") != 1.0
    )


@torch.no_grad()
def go_back_halfway(policy: Policy, seed: int) -> None:
    """Move all of the policy's weights halfway to those of an untrained network of its shape and this `seed`."""
    untrained = Policy(policy.shape, policy.device, seed)
    for parameter, first in zip(policy.module.parameters(), untrained.module.parameters(), strict=True):
        parameter.lerp_(first, 0.5)
