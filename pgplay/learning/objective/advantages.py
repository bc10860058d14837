"""From rewards to advantages: baselines, scales, credit. Each is a pure function; P prompts, G completions of each."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pgplay.learning.objective.losses import masked_variance


def leave_one_out(rewards: Tensor) -> Tensor:
    """Return for each of `rewards` (P, G, ...) the mean of the others of its group (Kool et al. 2019)."""
    others = rewards.shape[1] - 1
    return (rewards.sum(1, keepdim=True) - rewards) / others


def group_scaled(advantages: Tensor, rewards: Tensor, scale: str, floor: float) -> Tensor:
    """Return `advantages` (P, G) divided by the standard deviation of `rewards` (P, G), of each group or of all.

    The deviation (n - 1 in the denominator) has a `floor`, so that a group of nearly equal rewards is not blown up.
    """
    return advantages if scale == "none" else advantages / group_deviation(rewards, scale, floor)


def group_deviation(rewards: Tensor, scale: str, floor: float) -> Tensor:
    """Return the standard deviation of `rewards` (P, G), of each group (P, 1) or of all (), not below the `floor`."""
    deviation = rewards.std(1, keepdim=True) if scale == "group-std" else rewards.std()
    return deviation.clamp_min(floor)


def batch_scaled(advantages: Tensor, mask: Tensor, floor: float) -> Tensor:
    """Return `advantages` (B, T) divided by their standard deviation where `mask` (B, T), not below the `floor`."""
    return advantages / masked_variance(advantages, mask).sqrt().clamp_min(floor)


def discounted_sums(rewards: Tensor, discount: float) -> Tensor:
    """Return G_t = r_t + discount * G_(t+1) over the columns of `rewards` (B, T)."""
    if discount == 0.0:
        return rewards
    if discount == 1.0:
        return rewards.flip(1).cumsum(1).flip(1)
    sums = torch.empty_like(rewards)
    following = torch.zeros_like(rewards[:, 0])
    for column in range(rewards.shape[1] - 1, -1, -1):
        following = rewards[:, column] + discount * following
        sums[:, column] = following
    return sums


def at_the_end(values: Tensor, mask: Tensor) -> Tensor:
    """Return (B, T) zeros with `values` (B,) at each row's last column of `mask` (B, T)."""
    columns = torch.arange(mask.shape[1], device=mask.device)
    last = torch.where(mask, columns, -1).max(1).values
    return torch.where(columns == last[:, None], values[:, None], 0.0)


def generalised_advantages(rewards: Tensor, values: Tensor, mask: Tensor, discount: float, gae_lambda: float) -> Tensor:
    """Return generalised advantages (B, T) (Schulman et al. 2015, arXiv:1506.02438).

    delta_t = r_t + discount * V_(t+1) - V_t, A_t = delta_t + discount * gae_lambda * A_(t+1); the value after a
    completion's end is 0. rewards, values, mask: (B, T); a row's mask is one unbroken stretch.
    """
    values = torch.where(mask, values, 0.0)
    following = torch.cat([values[:, 1:], torch.zeros_like(values[:, :1])], 1)
    delta = torch.where(mask, rewards + discount * following - values, 0.0)
    return discounted_sums(delta, discount * gae_lambda)


def group_baseline(
    kind: str, rewards: Tensor, moving_average: float | Tensor, greedy_rewards: Tensor
) -> Tensor | float:
    """Return what is subtracted from `rewards` (P, G, ...) before the policy's gradient weighs them.

    moving-average: of past batches' means. batch-mean, group-mean: of this batch, of one prompt; both hold the
    completion itself, which shrinks the expected gradient by 1/n but does not turn it. leave-one-out: without it.
    greedy: the reward (P,) of each prompt's greedy completion (ReMax), of rewards (P, G).
    """
    if kind == "moving-average":
        return moving_average
    if kind == "batch-mean":
        return rewards.mean((0, 1), keepdim=True)
    if kind == "group-mean":
        return rewards.mean(1, keepdim=True)
    if kind == "leave-one-out":
        return leave_one_out(rewards)
    if kind == "greedy":
        return greedy_rewards[:, None]
    return 0.0


class Baseline(NamedTuple):
    """A baseline by its kind, which says with which completions it compares one: its group's, the batch's, or none."""

    kind: str
    group_size: int

    def compared(self, values: Tensor) -> Tensor:
        """Return `values` (B, ...), which are parts of the completions' rewards, as parts of their advantages."""
        if self.kind not in ("batch-mean", "group-mean", "leave-one-out"):
            return values
        groups = values.view(-1, self.group_size, *values.shape[1:])
        return (groups - group_baseline(self.kind, groups, 0.0, groups)).flatten(0, 1)

    def own_share(self, batch_size: int) -> float:
        """Return the weight of a completion's own reward in its advantage, in a batch of `batch_size` completions."""
        counts = {"batch-mean": batch_size, "group-mean": self.group_size}
        return 1.0 - 1.0 / counts[self.kind] if self.kind in counts else 1.0
