"""Stochastic gradient descent as in the textbooks: no momentum, no scaling, no state."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class PlainDescent:
    """Moves `parameters` against their gradients; a parameter without a gradient is left alone."""

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        self.parameters = list(parameters)

    @torch.no_grad()
    def update(self, lr: float | Tensor, weight_decay: float, is_finite: Tensor | None = None) -> None:
        """Subtract lr times the gradient, and lr times the decoupled weight decay; only if `is_finite` () says so."""
        for parameter in self.parameters:
            if parameter.grad is not None:
                step = lr * (parameter.grad + weight_decay * parameter) if weight_decay else lr * parameter.grad
                parameter.sub_(step if is_finite is None else torch.where(is_finite, step, 0.0))

    def clear(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def state(self) -> dict[str, Tensor]:
        """Return nothing: there is no state."""
        return {}

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        """Ignore `tensors`, such as the moments of a run that has changed its optimiser."""
