import pytest
import torch
from torch import nn

from pgplay.learning.objective.adamw import ADAM_EPSILON, BETAS, Adam
from tests.policies.helpers import generator


def by_hand(start: float, gradients: list[float], lr: float, decay: float) -> float:
    """Return a parameter after Adam's steps, as in algorithm 2 of Loshchilov and Hutter."""
    weight, mean, square = start, 0.0, 0.0
    for step, gradient in enumerate(gradients, start=1):
        mean = BETAS[0] * mean + (1 - BETAS[0]) * gradient
        square = BETAS[1] * square + (1 - BETAS[1]) * gradient**2
        weight -= lr * decay * weight
        corrected = (square / (1 - BETAS[1] ** step)) ** 0.5 + ADAM_EPSILON
        weight -= lr * (mean / (1 - BETAS[0] ** step)) / corrected
    return weight


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_updates_are_adams_with_decoupled_decay(decay: float) -> None:
    parameter = nn.Parameter(torch.tensor([0.5, -2.0], dtype=torch.float64))
    optimiser = Adam([parameter])
    gradients = torch.randn(5, 2, generator=generator(), dtype=torch.float64)
    for gradient in gradients:
        parameter.grad = gradient.clone()
        optimiser.update(0.01, decay)
    expected = [by_hand(start, gradients[:, place].tolist(), 0.01, decay) for place, start in enumerate((0.5, -2.0))]
    assert parameter.tolist() == pytest.approx(expected, abs=1e-12)


def test_a_parameter_without_a_gradient_is_left_alone_even_by_decay() -> None:
    moving, still = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    optimiser = Adam([moving, still])
    moving.grad = torch.ones(2)
    optimiser.update(0.1, 0.5)
    assert still.tolist() == [1.0, 1.0]
    assert moving.tolist() != [1.0, 1.0]
    optimiser.clear()
    assert moving.grad is None


def test_a_loaded_state_continues_as_the_first_would_have() -> None:
    gradients = torch.randn(6, 3, generator=generator())
    one, other = (nn.Parameter(torch.ones(3)) for _ in range(2))
    first = Adam([one])
    for gradient in gradients[:3]:
        one.grad = gradient.clone()
        first.update(0.1, 0.0)
    second = Adam([other])
    second.load_state(first.state())
    other.data.copy_(one.data)
    for gradient in gradients[3:]:
        for parameter, optimiser in ((one, first), (other, second)):
            parameter.grad = gradient.clone()
            optimiser.update(0.1, 0.0)
    assert torch.equal(one, other)
