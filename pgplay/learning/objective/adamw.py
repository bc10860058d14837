"""Adam with decoupled weight decay (Kingma and Ba 2014, arXiv:1412.6980; Loshchilov and Hutter 2017, arXiv:1711.05101).

torch's own functional form: the class torch.optim.AdamW loads the compiler when it is made, for which a person
would wait 1.3 s.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

BETAS = (0.9, 0.99)
ADAM_EPSILON = 1e-8


class Adam:
    """Moments of `parameters`, and the update that uses them; a parameter without a gradient is left alone."""

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        self.parameters = list(parameters)
        self._momentum = BETAS[0]
        self._means = [torch.zeros_like(parameter) for parameter in self.parameters]
        self._squares = [torch.zeros_like(parameter) for parameter in self.parameters]
        self._steps = [torch.zeros((), device=parameter.device) for parameter in self.parameters]

    @torch.no_grad()
    def update(self, lr: float | Tensor, weight_decay: float, is_finite: Tensor | None = None) -> None:
        """Move the parameters along their gradients, if these are finite: `is_finite` () says so, where it is given."""
        rows = zip(self.parameters, self._means, self._squares, self._steps, strict=True)
        moving = [(p, p.grad, mean, square, step) for p, mean, square, step in rows if p.grad is not None]
        adamw(
            [row[0] for row in moving],
            [row[1] for row in moving],
            [row[2] for row in moving],
            [row[3] for row in moving],
            [],
            [row[4] for row in moving],
            fused=self.parameters[0].device.type in ("cpu", "cuda"),
            amsgrad=False,
            beta1=self._momentum,
            beta2=BETAS[1],
            lr=lr,
            weight_decay=weight_decay,
            eps=ADAM_EPSILON,
            maximize=False,
            found_inf=None if is_finite is None else is_finite.logical_not().float(),
        )

    def forget_direction(self) -> None:
        """Follow the newest gradient alone from now on, scaled as before."""
        self._momentum = 0.0

    def clear(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def state(self) -> dict[str, Tensor]:
        """Return the moments and step counts by name."""
        kinds = {"mean": self._means, "square": self._squares, "step": self._steps}
        return {f"{number}.{kind}": tensor for kind, tensors in kinds.items() for number, tensor in enumerate(tensors)}

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        """Restore what `state` returned."""
        for name, tensor in self.state().items():
            tensor.copy_(tensors[name])
