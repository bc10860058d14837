"""From rewards to advantages, by the plan's choices."""

from __future__ import annotations

import torch
from torch import Tensor

from pgplay.learning.objective.advantages import (
    at_the_end,
    batch_scaled,
    discounted_sums,
    generalised_advantages,
    group_baseline,
    group_scaled,
)
from pgplay.learning.objective.batch import Batch
from pgplay.learning.objective.dense_credit import dense_advantages
from pgplay.learning.objective.forward import Forward
from pgplay.learning.plan import Plan
from pgplay.policies.distribution import TokenValues


def advantages_of(batch: Batch, plan: Plan, current: Forward, moving_average: float | Tensor) -> tuple[Tensor, Tensor]:
    """Return advantages (B, T) by the plan's choices, and the returns (B, T) that a critic predicts.

    Both are constant to the gradient, and in units of the reward's range, or in edits with dense credit. A scale
    divides advantages only: the critic predicts unscaled rewards.
    """
    config, mask, values = plan.config, batch.rollout.mask, current.values.detach()
    if config.credit == "none":
        return torch.zeros_like(values), torch.zeros_like(values)
    if batch.token_credit is not None:
        returns = discounted_sums(batch.token_credit, config.discount)
        if config.baseline == "critic":
            return torch.where(mask, returns - values, 0.0), returns
        return torch.where(mask, dense_advantages(returns), 0.0), returns
    charged = kl_charges(plan, current, mask)
    if config.baseline == "critic":
        token_rewards = at_the_end(batch.rewards.flatten() / batch.reward_unit, mask) - charged
        decay = config.gae_lambda if config.credit == "gae" else 1.0
        advantages = generalised_advantages(token_rewards, values, mask, config.discount, decay)
        returns = torch.where(mask, advantages + values, 0.0)
        if config.scale != "none":
            advantages = batch_scaled(advantages, mask, plan.deviation_floor)
        return advantages, returns
    rewards, baseline = compared_rewards(batch, plan, charged, moving_average)
    advantages = group_scaled(rewards - baseline, rewards, config.scale, plan.deviation_floor)
    advantages = discounted_sums(at_the_end(advantages.flatten(), mask), config.discount)
    return advantages, torch.zeros_like(values)


def compared_rewards(
    batch: Batch, plan: Plan, charged: Tensor, moving_average: float | Tensor
) -> tuple[Tensor, Tensor | float]:
    """Return the rewards (P, G) less what is `charged` (B, T), and their baseline, both in units of the range."""
    unit = batch.reward_unit
    rewards = batch.rewards / unit - charged.sum(1).view_as(batch.rewards)
    return rewards, group_baseline(plan.config.baseline, rewards, moving_average / unit, batch.greedy_rewards / unit)


def token_q_values(batch: Batch, plan: Plan) -> TokenValues | None:
    """Return the dense advantages of all tokens if the credit of each is known, else None."""
    if plan.config.credit != "dense" or batch.every_credit is None:
        return None
    return batch.every_credit.map(dense_advantages)


def kl_charges(plan: Plan, current: Forward, mask: Tensor) -> Tensor:
    """Return the KL penalty (B, T) that each token subtracts from the reward; 0 without one."""
    config = plan.config
    if config.kl and config.kl_in == "reward" and current.log_ratio is not None:
        return torch.where(mask, config.kl * current.log_ratio.detach(), 0.0)
    return torch.zeros_like(current.values.detach())
