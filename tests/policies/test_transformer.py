"""The decoder against a Llama: the tensor names of its checkpoints, and its equations written out."""

import math

import pytest
import torch
from torch import Tensor

from pgplay.policies.families.base import Size
from pgplay.policies.families.catalogue import model_spec
from pgplay.policies.networks.base import draw_masks
from pgplay.policies.networks.transformer import TransformerNetwork
from tests.policies.helpers import generator, read

VOCABULARY = 7
WIDTH, INNER = 64, 176
SIZE = Size(layers=2, width=8, context_length=32, heads=2, feed_forward=12, previous_token=True)

LAYER_SHAPES = {
    "self_attn.q_proj.weight": (WIDTH, WIDTH),
    "self_attn.k_proj.weight": (WIDTH, WIDTH),
    "self_attn.v_proj.weight": (WIDTH, WIDTH),
    "self_attn.o_proj.weight": (WIDTH, WIDTH),
    "mlp.gate_proj.weight": (INNER, WIDTH),
    "mlp.up_proj.weight": (INNER, WIDTH),
    "mlp.down_proj.weight": (WIDTH, INNER),
    "input_layernorm.weight": (WIDTH,),
    "post_attention_layernorm.weight": (WIDTH,),
}


def test_tensors_are_named_and_shaped_as_in_a_llama_checkpoint() -> None:
    """So that a program for Llamas can load them; it has to add the positions and the previous token itself."""
    expected = {
        "model.embed_tokens.weight": (VOCABULARY, WIDTH),
        "model.previous_token.weight": (WIDTH, WIDTH),
        **{f"model.layers.{n}.{name}": shape for n in range(2) for name, shape in LAYER_SHAPES.items()},
        "model.norm.weight": (WIDTH,),
        "lm_head.weight": (VOCABULARY, WIDTH),
    }
    network = TransformerNetwork(model_spec("transformer-small").shape, VOCABULARY)
    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == expected


def network_in_double() -> TransformerNetwork:
    """Return a network whose norms are not all one, so that a forgotten one shows."""
    network = TransformerNetwork(SIZE, VOCABULARY).double()
    network.initialise(generator(1))
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "norm" in name:
                parameter.uniform_(0.5, 1.5, generator=generator(2))
    angles = [[t * 10000.0 ** (-2 * (d % 2) / 4) for d in range(4)] for t in range(SIZE.context_length)]
    network.cosine, network.sine = (
        function(torch.tensor(angles, dtype=torch.float64)) for function in (torch.cos, torch.sin)
    )
    network.sine[:, :2].neg_()  # the first half's is subtracted
    network.places = torch.tensor(
        [[wave(t * 10000.0 ** (-2 * d / 8)) for wave in (math.sin, math.cos) for d in range(4)] for t in range(32)],
        dtype=torch.float64,
    )
    return network


def norm(vector: Tensor, weight: Tensor) -> Tensor:
    return vector / (vector.square().mean() + 1e-6).sqrt() * weight


def turned(vector: Tensor, position: int) -> Tensor:
    """Rotate a head's vector: dimension d pairs with d + half (Hugging Face's layout), one angle per pair."""
    half = len(vector) // 2
    result = vector.clone()
    for d in range(half):
        angle = position * 10000.0 ** (-2 * d / len(vector))
        left, right = vector[d], vector[d + half]
        result[d] = left * math.cos(angle) - right * math.sin(angle)
        result[d + half] = right * math.cos(angle) + left * math.sin(angle)
    return result


def llama(tensors: dict[str, Tensor], tokens: list[int]) -> Tensor:
    """Return the logits (T, V) of one text, by loops over positions and heads."""
    size = SIZE.width // SIZE.heads
    places = network_in_double().places
    embedded = [tensors["model.embed_tokens.weight"][token] for token in tokens]
    stream = [vector + places[t] for t, vector in enumerate(embedded)]
    for t in range(1, len(stream)):
        stream[t] = stream[t] + tensors["model.previous_token.weight"] @ embedded[t - 1]
    for number in range(SIZE.layers):
        own = {name: tensors[f"model.layers.{number}.{name}"] for name in LAYER_SHAPES}
        normed = [norm(vector, own["input_layernorm.weight"]) for vector in stream]
        for t in reversed(range(len(stream))):
            heads = []
            for head in range(SIZE.heads):
                rows = slice(head * size, (head + 1) * size)
                q, k, v = (own[f"self_attn.{name}_proj.weight"][rows] for name in "qkv")
                query = turned(q @ normed[t], t)
                scores = torch.stack([query @ turned(k @ normed[s], s) for s in range(t + 1)]) / math.sqrt(size)
                heads.append(sum(w * (v @ normed[s]) for s, w in enumerate(scores.softmax(0))))
            stream[t] = stream[t] + own["self_attn.o_proj.weight"] @ torch.cat(heads)
        for t, vector in enumerate(stream):
            inner = norm(vector, own["post_attention_layernorm.weight"])
            gate = own["mlp.gate_proj.weight"] @ inner
            stream[t] = vector + own["mlp.down_proj.weight"] @ (
                gate * torch.sigmoid(gate) * (own["mlp.up_proj.weight"] @ inner)
            )
    return torch.stack([tensors["lm_head.weight"] @ norm(vector, tensors["model.norm.weight"]) for vector in stream])


def test_logits_are_those_of_a_llama_written_out_by_hand() -> None:
    network = network_in_double()
    tokens = torch.randint(0, VOCABULARY, (2, 5), generator=generator(3))
    tensors = {name: tensor.detach() for name, tensor in network.state_dict().items()}
    expected = torch.stack([llama(tensors, row) for row in tokens.tolist()])
    torch.testing.assert_close(network.logits(read(network, tokens)), expected, rtol=0, atol=1e-10)


def test_positions_are_rotated_by_the_angles_of_rotary_embeddings() -> None:
    network = TransformerNetwork(SIZE, VOCABULARY)
    exact = network_in_double()
    torch.testing.assert_close(network.cosine.double(), exact.cosine, rtol=0, atol=1e-5)
    torch.testing.assert_close(network.sine.double(), exact.sine, rtol=0, atol=1e-5)
    torch.testing.assert_close(network.places.double(), exact.places, rtol=0, atol=1e-5)


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_the_cache_gives_the_same_as_the_full_pass(dropout: float) -> None:
    network = network_in_double()
    tokens = torch.randint(0, VOCABULARY, (3, 9), generator=generator(4))
    masks = draw_masks(network, 3, dropout, generator(5)).double() if dropout else None
    state = network.start(3, 9)
    steps = [network.step(tokens[:, position], position, state, masks) for position in range(9)]
    torch.testing.assert_close(torch.stack(steps, 1), read(network, tokens, masks), rtol=0, atol=1e-12)


def test_a_token_sees_only_what_came_before_it() -> None:
    network = network_in_double()
    tokens = torch.randint(0, VOCABULARY, (1, 6), generator=generator(6))
    changed = tokens.clone()
    changed[0, 3] = (tokens[0, 3] + 1) % VOCABULARY
    one, other = read(network, tokens)[0], read(network, changed)[0]
    torch.testing.assert_close(one[:3], other[:3], rtol=0, atol=1e-12)
    assert (one[3:] - other[3:]).abs().amax(1).min() > 1e-6
