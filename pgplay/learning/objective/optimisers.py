"""The optimisers by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from torch import Tensor, nn

from pgplay.learning.objective.adamw import Adam
from pgplay.learning.objective.sgd import PlainDescent


class Optimiser(Protocol):
    """Moves parameters by their gradients."""

    parameters: list[nn.Parameter]

    def update(self, lr: float | Tensor, weight_decay: float, is_finite: Tensor | None = None) -> None:
        """Make one step along the gradients, if they are finite: `is_finite` () says so, where it is given."""

    def clear(self) -> None:
        """Forget all gradients."""

    def state(self) -> dict[str, Tensor]:
        """Return what the next update depends on besides the gradients, by name."""

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        """Restore what `state` returned."""


def make_optimiser(name: str, parameters: Iterable[nn.Parameter]) -> Optimiser:
    """Return the optimiser called `name`, adam or sgd, of `parameters`."""
    return PlainDescent(parameters) if name == "sgd" else Adam(parameters)
