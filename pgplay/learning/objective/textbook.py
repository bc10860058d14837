"""The main algorithms in a few lines of PyTorch each, to read beside the code that runs; tests hold them equal to it.

Each makes one step's update by plain gradient descent, and has nothing but its row of the table of algorithms: no Adam,
no control variate, no entropy bonus, no penalty. A function is called as its row is, with underscores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

LogP = Callable[[], Tensor]
"""Returns the log-probabilities of what was sampled, by the present parameters: (B,) of texts, (B, T) of tokens."""

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


def descend(loss: Tensor, parameters: Parameters, lr: float) -> None:
    """Move `parameters` a little against the gradient of `loss`."""
    gradients = torch.autograd.grad(loss, parameters)
    with torch.no_grad():
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.sub_(lr * gradient)
