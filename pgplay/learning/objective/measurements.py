"""The metrics of a step besides its loss."""

from __future__ import annotations

import torch
from torch import Tensor

from pgplay.learning.objective.batch import Batch, Modules
from pgplay.learning.objective.forward import Forward
from pgplay.learning.objective.losses import (
    aggregated,
    explained_share,
    masked_mean,
    masked_variance,
)
from pgplay.learning.plan import Plan
from pgplay.policies.distribution import TokenDistribution


def divergence_of_update(first: Forward, other: TokenDistribution, batch: Batch) -> Tensor:
    """Return the mean KL () per sampled token, from the `first` pass to the `other` distribution."""
    return masked_mean(batch.at_tokens(first.distribution.detach().kl(other)), batch.rollout.mask)


def explained_variance(current: Forward, returns: Tensor, mask: Tensor) -> Tensor:
    """Return the share of the returns' variance that the critic's values explain."""
    unexplained = masked_variance(returns - current.values.detach(), mask)
    return explained_share(masked_variance(returns, mask), unexplained)


def measurements(current: Forward, batch: Batch) -> dict[str, Tensor]:
    """Return the metrics of one forward pass by name, as scalars on the device."""
    mask = batch.rollout.mask
    metrics = {
        "entropy": masked_mean(current.entropies.detach(), mask),
        "mismatch": masked_mean((current.log_p.detach() - batch.rollout.log_probabilities).abs(), mask),
        "length": mask.sum() / mask.shape[0],
        "characters": mask.sum(),
    }
    if current.cross_entropy is not None:
        metrics["cross_entropy"] = current.cross_entropy
    if current.kl is not None:
        metrics["kl_reference"] = masked_mean(current.kl.detach(), mask)
    return metrics


def signal_to_noise(losses: Tensor, batch: Batch, plan: Plan, modules: Modules) -> Tensor:
    """Return the cosine between the policy gradients of the even and of the odd rows."""
    halves, mask = [], batch.rollout.mask
    for first in (0, 1):
        half = aggregated(plan.config.aggregation, losses[first::2], mask[first::2], modules.policy.max_length)
        gradients = torch.autograd.grad(half, modules.policy.trainable_parameters(), retain_graph=True)
        halves.append(torch.cat([gradient.flatten() for gradient in gradients]))
    batch.ranks.add(halves)
    return torch.cosine_similarity(halves[0], halves[1], dim=0)
