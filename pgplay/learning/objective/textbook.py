"""The algorithms in a few lines of PyTorch each, to read beside the code that runs; tests hold them equal to it.

Each makes one step's update by plain gradient descent, and has nothing but its row of the table of algorithms: no Adam,
no control variate, no entropy bonus, no penalty. A function is called as its row is, with underscores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

LogP = Callable[[], Tensor]
"""Returns the log-probabilities of what was sampled, by the present parameters: (B,) of texts, (B, T) of tokens."""

StateValues = Callable[[], Tensor]
"""Returns a critic's values (B, T) of what precedes each token, by the present parameters."""

Parameters = Sequence[nn.Parameter]


def reinforce(log_p: LogP, rewards: Tensor, parameters: Parameters, lr: float) -> None:
    """Make one update: `log_p` gives those of the sampled texts (B,); `rewards` (B,) are theirs."""
    loss = -(rewards * log_p()).mean()
    descend(loss, parameters, lr)


def reinforce_baseline(log_p: LogP, rewards: Tensor, average: float, parameters: Parameters, lr: float) -> None:
    """Make one update: `log_p` and `rewards` (B,) of texts; `average` is that of the rewards of earlier steps."""
    advantages = rewards - average
    loss = -(advantages * log_p()).mean()
    descend(loss, parameters, lr)


def plain_reinforce(log_p: LogP, rewards: Tensor, parameters: Parameters, lr: float) -> None:
    """Make one update: `log_p` and `rewards` (B,) of the texts sampled for one prompt."""
    baseline = rewards.mean()
    advantages = rewards - baseline
    loss = -(advantages * log_p()).mean()
    descend(loss, parameters, lr)


def rloo(log_p: LogP, rewards: Tensor, parameters: Parameters, lr: float) -> None:
    """Make one update: `log_p` (B,) of texts; `rewards` (P, G), G texts for each of P prompts."""
    others = rewards.sum(1, keepdim=True) - rewards
    advantages = rewards - others / (rewards.shape[1] - 1)
    loss = -(advantages.flatten() * log_p()).mean()
    descend(loss, parameters, lr)


def remax(log_p: LogP, rewards: Tensor, greedy: Tensor, parameters: Parameters, lr: float) -> None:
    """Make one update: `log_p` (B,) of texts; `rewards` (P, G); `greedy` (P,) those of the greedy texts."""
    advantages = rewards - greedy[:, None]
    loss = -(advantages.flatten() * log_p()).mean()
    descend(loss, parameters, lr)


def grpo(log_p: LogP, mask: Tensor, rewards: Tensor, parameters: Parameters, lr: float) -> None:
    """Make two updates: `log_p` of tokens, where `mask` (B, T) has one; `rewards` (P, G), G texts for each prompt."""
    deviation = rewards.std(1, keepdim=True).clamp_min(0.05)
    advantages = ((rewards - rewards.mean(1, keepdim=True)) / deviation).flatten()[:, None]
    when_sampled = log_p().detach()
    for _ in range(2):
        ratio = (log_p() - when_sampled).exp()
        gains = torch.minimum(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages)
        loss = -((gains * mask).sum(1) / mask.sum(1)).mean()
        descend(loss, parameters, lr)


def dr_grpo(log_p: LogP, mask: Tensor, rewards: Tensor, longest: int, parameters: Parameters, lr: float) -> None:
    """Make two updates, as `grpo`, with `longest` the length limit of a text in tokens."""
    advantages = (rewards - rewards.mean(1, keepdim=True)).flatten()[:, None]
    when_sampled = log_p().detach()
    for _ in range(2):
        ratio = (log_p() - when_sampled).exp()
        gains = torch.minimum(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages)
        loss = -((gains * mask).sum(1) / longest).mean()
        descend(loss, parameters, lr)


def dapo(log_p: LogP, mask: Tensor, rewards: Tensor, parameters: Parameters, lr: float) -> None:
    """Make two updates, as `grpo`: a ratio may rise further, and each token counts alike."""
    deviation = rewards.std(1, keepdim=True).clamp_min(0.05)
    advantages = ((rewards - rewards.mean(1, keepdim=True)) / deviation).flatten()[:, None]
    when_sampled = log_p().detach()
    for _ in range(2):
        ratio = (log_p() - when_sampled).exp()
        gains = torch.minimum(ratio * advantages, ratio.clamp(0.8, 1.28) * advantages)
        loss = -gains[mask].mean()
        descend(loss, parameters, lr)


def gspo(log_p: LogP, mask: Tensor, rewards: Tensor, parameters: Parameters, lr: float) -> None:
    """Make two updates, as `grpo`: a text has one ratio, the geometric mean of its tokens'."""
    deviation = rewards.std(1, keepdim=True).clamp_min(0.05)
    advantages = ((rewards - rewards.mean(1, keepdim=True)) / deviation).flatten()
    when_sampled = log_p().detach()
    for _ in range(2):
        ratio = (((log_p() - when_sampled) * mask).sum(1) / mask.sum(1)).exp()
        gains = torch.minimum(ratio * advantages, ratio.clamp(0.8, 1.0004) * advantages)
        loss = -gains.mean()
        descend(loss, parameters, lr)


def cispo(log_p: LogP, mask: Tensor, rewards: Tensor, parameters: Parameters, lr: float) -> None:
    """Make two updates, as `grpo`: the ratio is a constant weight, so that no token loses its gradient."""
    deviation = rewards.std(1, keepdim=True).clamp_min(0.05)
    advantages = ((rewards - rewards.mean(1, keepdim=True)) / deviation).flatten()[:, None]
    when_sampled = log_p().detach()
    for _ in range(2):
        now = log_p()
        weight = (now - when_sampled).exp().clamp(0.8, 5.0).detach()
        loss = -(weight * advantages * now)[mask].mean()
        descend(loss, parameters, lr)


def a2c(log_p: LogP, values: StateValues, mask: Tensor, rewards: Tensor, parameters: Parameters, lr: float) -> None:
    """Make one update: `log_p` and `values` of tokens, where `mask` (B, T) has one; `rewards` (B,) of texts."""
    error = rewards[:, None] - values()
    advantages = error.detach()
    policy_loss = -(advantages * log_p() * mask).sum(1).mean()
    critic_loss = error[mask].square().mean()
    descend(policy_loss + 0.5 * critic_loss, parameters, lr)


def ppo(log_p: LogP, values: StateValues, mask: Tensor, rewards: Tensor, parameters: Parameters, lr: float) -> None:
    """Make four updates, of tokens as `a2c`; `rewards` (B, T) are 0 but at the last token of each text."""
    when_sampled, value = log_p().detach(), values().detach() * mask
    surprise = rewards + nn.functional.pad(value[:, 1:], (0, 1)) - value
    advantages, later = torch.zeros_like(value), torch.zeros(len(value))
    for t in reversed(range(value.shape[1])):
        later = surprise[:, t] + 0.95 * later
        advantages[:, t] = later
    returns, advantages = advantages + value, advantages / advantages[mask].std().clamp_min(0.05)
    for _ in range(4):
        ratio = (log_p() - when_sampled).exp()
        gains = torch.minimum(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages)
        loss = (0.5 * (values() - returns).square() - gains)[mask].mean()
        descend(loss, parameters, lr)


def supervised(log_p: LogP, mask: Tensor, parameters: Parameters, lr: float) -> None:
    """Make one update: `log_p` of the targets' tokens, where `mask` (B, T) has one; there is no reward."""
    loss = -((log_p() * mask).sum(1) / mask.sum(1)).mean()
    descend(loss, parameters, lr)


def descend(loss: Tensor, parameters: Parameters, lr: float) -> None:
    """Move `parameters` a little against the gradient of `loss`."""
    gradients = torch.autograd.grad(loss, parameters)
    with torch.no_grad():
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.sub_(lr * gradient)
