"""The recurrence and its own backward pass, against autograd through the plain cell and against torch.nn.GRU."""

import pytest
import torch
from torch import nn

from pgplay.policies.families.base import Size
from pgplay.policies.networks.base import draw_masks
from pgplay.policies.networks.gru import BLOCK_COLUMNS, GRULayer, GRUNetwork, _Recurrence
from pgplay.policies.prefix_tree import Prefixes
from tests.policies.helpers import generator, read

TWO_LAYERS = Size(layers=2, width=5, context_length=64)


def random(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


def plain_cell(
    reset_update_x: torch.Tensor, new_x: torch.Tensor, hidden: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor
) -> torch.Tensor:
    """Return the next hidden state by the formulas of the module's docstring; c_r and c_z are in the first argument."""
    width = hidden.shape[1]
    reset, update = torch.sigmoid(reset_update_x + hidden @ weight[: 2 * width].t()).chunk(2, 1)
    candidate = torch.tanh(new_x + reset * (hidden @ weight[2 * width :].t() + bias[2 * width :]))
    return (1 - update) * candidate + update * hidden


def recurrence(*arguments: torch.Tensor) -> torch.Tensor:
    """Return the states (T, B, W) over gates (T, B, ...), which are copied because the recurrence overwrites them."""
    length, batch, width = arguments[1].shape
    prefixes = Prefixes.from_texts(torch.zeros(batch, length, dtype=torch.long))
    gates = (argument.clone().flatten(0, 1) for argument in arguments[:2])
    states: torch.Tensor = _Recurrence.apply(*gates, *arguments[2:], prefixes)
    return states.view(length, batch, width)


def arguments_of(length: int, batch: int, width: int) -> list[torch.Tensor]:
    shapes = [(length, batch, 2 * width), (length, batch, width), (3 * width, width), (3 * width,)]
    return [random(*shape, seed=seed).requires_grad_() for seed, shape in enumerate(shapes)]


@pytest.mark.parametrize(
    ("length", "batch", "width"),
    [(1, 1, 1), (1, 3, 2), (2, 1, 4), (7, 5, 3), (BLOCK_COLUMNS, 2, 2), (2 * BLOCK_COLUMNS + 1, 2, 2)],
)
def test_states_and_gradients_equal_those_of_autograd_through_the_cell(length: int, batch: int, width: int) -> None:
    arguments = arguments_of(length, batch, width)
    weighing = random(length, batch, width, seed=4)
    reset_update_x, new_x, weight, bias = arguments
    hidden, plain = torch.zeros(batch, width, dtype=torch.float64), []
    for t in range(length):
        hidden = plain_cell(reset_update_x[t], new_x[t], hidden, weight, bias)
        plain.append(hidden)
    expected = torch.autograd.grad((torch.stack(plain) * weighing).sum(), arguments)
    states = recurrence(*arguments)
    torch.testing.assert_close(states, torch.stack(plain), rtol=0, atol=1e-13)
    found = torch.autograd.grad((states * weighing).sum(), arguments)
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-11)


def test_gradients_agree_with_finite_differences() -> None:
    assert torch.autograd.gradcheck(recurrence, arguments_of(3, 2, 2))


def network_and_torchs_own() -> tuple[GRUNetwork, nn.GRU]:
    network = GRUNetwork(TWO_LAYERS, 4).double()
    network.initialise(generator(5))
    theirs = nn.GRU(TWO_LAYERS.width, TWO_LAYERS.width, num_layers=2, batch_first=True).double()
    with torch.no_grad():
        for number, layer in enumerate(network.layers):
            assert isinstance(layer, GRULayer)
            for name, parameter in layer.named_parameters():
                getattr(theirs, f"{name}_l{number}").copy_(parameter)
    return network, theirs


def test_the_network_is_torchs_gru_with_the_same_weights() -> None:
    network, theirs = network_and_torchs_own()
    tokens = torch.randint(0, 4, (3, 6), generator=generator(6))
    features, their_features = read(network, tokens), theirs(network.embed_tokens(tokens))[0]
    torch.testing.assert_close(features, their_features, rtol=0, atol=1e-12)
    features.square().sum().backward()
    own = {f"{name}_l{number}": p.grad for number, layer in enumerate(network.layers)
           for name, p in layer.named_parameters()}  # fmt: skip
    their_features.square().sum().backward()
    for name, parameter in theirs.named_parameters():
        torch.testing.assert_close(own[name], parameter.grad, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_token_by_token_equals_the_full_pass_with_several_layers(dropout: float) -> None:
    network, _ = network_and_torchs_own()
    tokens = torch.randint(0, 4, (3, 6), generator=generator(6))
    masks = draw_masks(network, 3, dropout, generator(7)).double() if dropout else None
    state = network.start(3, 6)
    steps = [network.step(tokens[:, position], position, state, masks) for position in range(6)]
    torch.testing.assert_close(torch.stack(steps, 1), read(network, tokens, masks), rtol=0, atol=1e-12)
