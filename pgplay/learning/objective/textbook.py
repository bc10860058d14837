"""REINFORCE with a baseline in ten lines of PyTorch, to read beside the code that runs; a test holds them equal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


def plain_reinforce(
    log_p: Callable[[], Tensor], rewards: Tensor, parameters: Sequence[nn.Parameter], lr: float
) -> None:
    """Make one update: `log_p` returns the log-probabilities (B,) of the sampled texts; `rewards` (B,) are theirs."""
    baseline = rewards.mean()
    advantages = rewards - baseline
    loss = -(advantages * log_p()).mean()
    gradients = torch.autograd.grad(loss, parameters)
    with torch.no_grad():
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.sub_(lr * gradient)
