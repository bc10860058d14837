"""The JAX loop that pgplay is compared with in tests/benchmarks/against_jax.py does the same work. Needs JAX."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn

from pgplay.policies.families.base import Size
from pgplay.policies.networks.transformer import TransformerNetwork
from pgplay.policies.prefix_tree import Prefixes, spread
from tests.policies.helpers import generator, read

if TYPE_CHECKING:
    from jax import Array

    from tests.benchmarks.jax_loop import Waves, Weights

VOCABULARY, LENGTH = 7, 9
SIZE = Size(layers=2, width=16, context_length=32, heads=2, feed_forward=24, previous_token=True)
LENGTHS = [9, 1, 4, 7, 4]


@pytest.fixture
def network() -> TransformerNetwork:
    """A network whose norms are not all one, so that a forgotten one shows."""
    pytest.importorskip("jax")
    network = TransformerNetwork(SIZE, VOCABULARY)
    network.initialise(generator(1))
    with torch.no_grad():
        network.lm_head.weight.mul_(10)
        for name, parameter in network.named_parameters():
            if "norm" in name:
                parameter.uniform_(0.5, 1.5, generator=generator(2))
    return network


def in_jax(network: TransformerNetwork) -> tuple[Weights, Waves]:
    from tests.benchmarks.jax_loop import waves_of, weights_of_pgplay

    tensors = {name: tensor.numpy().copy() for name, tensor in network.state_dict().items()}
    return weights_of_pgplay(tensors, SIZE), waves_of(SIZE, LENGTH)


def in_torch(array: Array) -> Tensor:
    return torch.tensor(array.tolist())


def pairs(own: Weights, others: Weights) -> list[tuple[Tensor, Tensor]]:
    """Return the arrays of both, side by side."""
    import jax

    leaves = zip(jax.tree.leaves(own), jax.tree.leaves(others), strict=True)
    return [(in_torch(left), in_torch(right)) for left, right in leaves]


def random_tokens() -> Tensor:
    return torch.randint(0, VOCABULARY, (len(LENGTHS), LENGTH), generator=generator(3))


def test_the_network_is_pgplays_for_whole_texts_and_token_by_token(network: TransformerNetwork) -> None:
    import jax.numpy as jnp

    from tests.benchmarks.jax_loop import empty_cache, logits_of, next_logits

    tokens = random_tokens()
    prefixes = Prefixes.deduplicated(tokens, LENGTHS, [0] * len(LENGTHS))
    expected = spread(network.logits(network(prefixes)), prefixes.prefix_index).detach()
    weights, waves = in_jax(network)
    ids = jnp.asarray(tokens.numpy())
    whole = in_torch(logits_of(weights, ids, SIZE.heads, waves))
    cache, columns = empty_cache(weights, len(LENGTHS), LENGTH, SIZE.heads), []
    for position in range(LENGTH):
        logits, cache = next_logits(weights, ids[:, position], jnp.int32(position), cache, SIZE.heads, waves)
        columns.append(in_torch(logits))
    by_token = torch.stack(columns, 1)
    for row, length in enumerate(LENGTHS):
        for logits_in_jax in (whole, by_token):
            torch.testing.assert_close(logits_in_jax[row, :length], expected[row, :length], rtol=0, atol=1e-4)


def test_an_update_is_the_plain_loops(network: TransformerNetwork) -> None:
    import jax.numpy as jnp

    from tests.benchmarks.jax_loop import no_moments, update, weights_of_pgplay

    actions, lr, entropy = random_tokens(), 0.01, 0.05
    rewards = torch.tensor([0.1, 0.9, 0.4, 0.2, 0.7])
    weights, waves = in_jax(network)
    batch = (jnp.asarray(numbers) for numbers in (actions.numpy(), LENGTHS, rewards.numpy()))
    updated, moments = update(weights, no_moments(weights), *batch, waves, SIZE.heads, lr, entropy)
    # As in plain_loop.py.
    optimiser = torch.optim.AdamW(network.parameters(), lr, betas=(0.9, 0.99), weight_decay=0.0)
    mask = torch.arange(LENGTH) < torch.tensor(LENGTHS)[:, None]
    advantages = (rewards - rewards.mean()) / (rewards.std() + 1e-4)
    inputs = torch.cat([torch.zeros_like(actions[:, :1]), actions[:, :-1]], 1)
    log_p_all = network.logits(read(network, inputs)).log_softmax(-1)
    log_p = log_p_all.gather(2, actions[:, :, None])[:, :, 0]
    gain = advantages[:, None] * log_p - entropy * (log_p_all.exp() * log_p_all).sum(-1)
    (-(gain * mask).sum() / mask.sum()).backward()
    assert nn.utils.clip_grad_norm_(network.parameters(), 1.0) > 1
    optimiser.step()
    gradient = {name: parameter.grad.numpy() for name, parameter in network.named_parameters()}
    for mean, expected in pairs(moments.first, weights_of_pgplay(gradient, SIZE)):
        torch.testing.assert_close(mean, 0.1 * expected, rtol=0, atol=1e-6)
    for weight, expected in pairs(updated, in_jax(network)[0]):
        torch.testing.assert_close(weight, expected, rtol=0, atol=lr / 20)
