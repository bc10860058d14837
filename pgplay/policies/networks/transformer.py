"""A decoder in the shape of a Llama (Touvron et al. 2023, arXiv:2302.13971), parameters named as in its checkpoints.

RMSNorm before each sublayer, rotary positions (Su et al. 2021, arXiv:2104.09864, halves rotated as in Hugging Face's
Llama), SwiGLU (Shazeer 2020, arXiv:2002.05202), no biases. Left out on purpose: grouped heads, tied embeddings.

Unlike a Llama, sinusoidal positions (Vaswani et al. 2017, arXiv:1706.03762) are added to the embeddings: rotary angles
encode the distance between tokens, but a task like reversing depends on absolute positions. Each token also sees the
one before it: a matrix maps the earlier embedding to what is added to the later one. One text is then learned sooner
and more surely (docs/lab-notes.md).

Matrices with the same input are joined into one product (queries, keys and values; gate and up) once per pass: small
networks spend their time on calls, not on arithmetic.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pgplay.policies.families.base import Size
from pgplay.policies.networks.base import StepwisePrefill, WholeState
from pgplay.policies.prefix_tree import Prefixes

ROTARY_BASE = 10000.0
_NORM_EPSILON = 1e-6


class Joined(NamedTuple):
    """A layer's matrices that share an input, as one each: query_key_value (3W, W) and gate_up (2F, W)."""

    query_key_value: Tensor
    gate_up: Tensor


class Cache(NamedTuple):
    """Keys and values of the tokens so far, each (layers, B, heads, T, W / heads), and the layers' matrices.

    earlier (B, W): what the last token adds to the next one's embedding.
    """

    keys: Tensor
    values: Tensor
    joined: list[Joined]
    earlier: Tensor


def _places(length: int, width: int) -> Tensor:
    """Return (T, W): sines, then cosines, of each position at frequencies from 1 down to 1 / ROTARY_BASE."""
    frequencies = ROTARY_BASE ** (-torch.arange(0, width, 2) / width)
    angles = torch.arange(length)[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], 1)


def _rotate(vectors: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn `vectors` (B, 2, heads, D) by their positions' angles; cosine and signed sine are (B or 1, 1, 1, D)."""
    return torch.addcmul(vectors * cosine, vectors.roll(vectors.shape[-1] // 2, -1), sine)


class _Normed(torch.autograd.Function):
    """x / sqrt(mean x^2 + EPSILON) * weight, x (..., W), with its own backward pass.

    Autograd's goes through eight nodes as large as x and takes more than twice as long.
    """

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor) -> Tensor:
        inverse = (inputs.square().mean(-1, keepdim=True) + _NORM_EPSILON).rsqrt_()
        normed = inputs * inverse
        ctx.save_for_backward(normed, inverse, weight)
        return normed * weight

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        (gradient,) = gradients
        normed, inverse, weight = ctx.saved_tensors
        d_weight = (gradient * normed).flatten(0, -2).sum(0)
        d_normed = gradient * weight
        along = (d_normed * normed).mean(-1, keepdim=True)
        return d_normed.addcmul_(normed, along, value=-1).mul_(inverse), d_weight


class Norm(nn.Module):
    """RMSNorm (Zhang and Sennrich 2019, arXiv:1910.07467)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return (..., W) for `inputs` (..., W)."""
        if torch.is_grad_enabled():
            return _Normed.apply(inputs, self.weight)  # type: ignore[no-any-return, no-untyped-call]
        return F.rms_norm(inputs, self.weight.shape, self.weight, _NORM_EPSILON)


class Attention(nn.Module):
    """Causal self-attention with rotary positions."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, width, bias=False)
        self.k_proj = nn.Linear(width, width, bias=False)
        self.v_proj = nn.Linear(width, width, bias=False)
        self.o_proj = nn.Linear(width, width, bias=False)

    def project(
        self, inputs: Tensor, query_key_value: Tensor, cosine: Tensor, sine: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return queries and keys (B, 2, heads, D), turned, and values (B, heads, D) for `inputs` (B, W)."""
        projected = F.linear(inputs, query_key_value).unflatten(-1, (3, self.heads, -1))  # type: ignore[no-untyped-call]
        queries_and_keys, values = projected.split([2, 1], 1)
        return _rotate(queries_and_keys, cosine, sine), values[:, 0]


class FeedForward(nn.Module):
    """SwiGLU."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(width, inner, bias=False)
        self.up_proj = nn.Linear(width, inner, bias=False)
        self.down_proj = nn.Linear(inner, width, bias=False)

    def forward(self, inputs: Tensor, gate_up: Tensor) -> Tensor:
        """Return (..., W) for `inputs` (..., W)."""
        gate, up = F.linear(inputs, gate_up).chunk(2, -1)
        return self.down_proj(F.silu(gate) * up)  # type: ignore[no-any-return]


class Layer(nn.Module):
    """Attention and a feed-forward network, each behind a norm and beside a residual stream."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.self_attn = Attention(size.width, size.heads)
        self.mlp = FeedForward(size.width, size.feed_forward)
        self.input_layernorm = Norm(size.width)
        self.post_attention_layernorm = Norm(size.width)

    def joined(self) -> Joined:
        """Return the matrices that share an input, joined; gradients flow back to each."""
        own, mlp = self.self_attn, self.mlp
        return Joined(
            torch.cat([own.q_proj.weight, own.k_proj.weight, own.v_proj.weight]),
            torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight]),
        )


class Decoder(nn.Module):
    """Embedding, layers and the last norm: what Llama checkpoints call `model`."""

    def __init__(self, size: Size, vocabulary: int) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(vocabulary, size.width)
        self.previous_token = nn.Linear(size.width, size.width, bias=False) if size.previous_token else None
        self.layers = nn.ModuleList(Layer(size) for _ in range(size.layers))
        self.norm = Norm(size.width)


class TransformerNetwork(StepwisePrefill, WholeState, nn.Module):
    """The decoder and its head; see `networks.base.Network` for the methods."""

    def __init__(self, size: Size, vocabulary: int) -> None:
        super().__init__()
        self.width = size.width
        self.mask_count = 2 * size.layers
        self.model = Decoder(size, vocabulary)
        self.lm_head = nn.Linear(size.width, vocabulary, bias=False)
        head_width = size.width // size.heads
        frequencies = ROTARY_BASE ** (-torch.arange(0, head_width, 2) / head_width)
        angles = torch.arange(size.context_length)[:, None] * frequencies.repeat(2)
        self.register_buffer("places", _places(size.context_length, size.width), persistent=False)
        self.register_buffer("cosine", angles.cos(), persistent=False)
        # For each half the other half's sign: (left, right) turns into (left cos - right sin, right cos + left sin).
        signs = torch.cat([-torch.ones(head_width // 2), torch.ones(head_width // 2)])
        self.register_buffer("sine", angles.sin() * signs, persistent=False)

    def _layers(self) -> list[Layer]:
        return [cast(Layer, layer) for layer in self.model.layers]

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the initial weights: normal with 1/sqrt(inputs), residual outputs scaled down by the depth (GPT-2)."""
        depth = len(self.model.layers)
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if parameter.dim() == 1:
                    parameter.fill_(1.0)
                    continue
                deviation = 1.0 if "embed_tokens" in name else 1 / math.sqrt(parameter.shape[1])
                if "o_proj" in name or "down_proj" in name:
                    deviation /= math.sqrt(2 * depth)
                parameter.normal_(0.0, deviation, generator=generator)
            self.lm_head.weight.mul_(0.1)

    def forward(self, prefixes: Prefixes, masks: Tensor | None = None) -> Tensor:
        """Return features (P, W) for `prefixes`; they attend to each other along the paths."""
        places, cosine, sine = (
            cast(Tensor, table).index_select(0, prefixes.columns) for table in (self.places, self.cosine, self.sine)
        )
        cosine, sine = cosine[:, None, None], sine[:, None, None]
        embedded = self.model.embed_tokens(prefixes.tokens)
        stream = embedded + places
        if self.model.previous_token is not None:
            stream = stream + prefixes.of_parents(self.model.previous_token(embedded))
        for number, (layer, joined) in enumerate((layer, layer.joined()) for layer in self._layers()):
            queries_and_keys, values = layer.self_attn.project(
                layer.input_layernorm(stream), joined.query_key_value, cosine, sine
            )
            queries, keys = prefixes.along_paths(queries_and_keys).transpose(1, 3).unbind(2)
            heads = F.scaled_dot_product_attention(
                queries, keys, prefixes.along_paths(values).transpose(1, 2), is_causal=True
            )
            attended = prefixes.from_paths(heads.transpose(1, 2)).flatten(1)
            stream = stream + _masked(layer.self_attn.o_proj(attended), masks, 2 * number)
            written = layer.mlp(layer.post_attention_layernorm(stream), joined.gate_up)
            stream = stream + _masked(written, masks, 2 * number + 1)
        return self.model.norm(stream)  # type: ignore[no-any-return]

    def logits(self, features: Tensor) -> Tensor:
        """Return logits (..., V) for `features` (..., W)."""
        return self.lm_head(features)  # type: ignore[no-any-return]

    def start(self, batch: int, length: int) -> Cache:
        """Return an empty cache for `length` tokens."""
        attention = self._layers()[0].self_attn
        shape = (len(self.model.layers), batch, attention.heads, length, self.width // attention.heads)
        keys, values = (self.lm_head.weight.new_empty(shape) for _ in range(2))
        earlier = self.lm_head.weight.new_zeros(batch, self.width)
        return Cache(keys, values, [layer.joined() for layer in self._layers()], earlier)

    def step(self, tokens: Tensor, position: int, state: Cache, masks: Tensor | None = None) -> Tensor:
        """Return features (B, W) after `tokens` (B,) at `position`, and write their keys and values to `state`."""
        cosine, sine = (waves[position, None, None, None] for waves in (self.cosine, self.sine))  # type: ignore[index]
        embedded = self.model.embed_tokens(tokens)
        stream = embedded + self.places[position]  # type: ignore[index]
        if self.model.previous_token is not None:
            stream = stream + state.earlier
            state.earlier.copy_(self.model.previous_token(embedded))
        for number, (layer, joined) in enumerate(zip(self._layers(), state.joined, strict=True)):
            queries_and_keys, values = layer.self_attn.project(
                layer.input_layernorm(stream), joined.query_key_value, cosine, sine
            )
            queries, keys = queries_and_keys.unbind(1)
            all_keys, all_values = (cached[number].narrow(2, 0, position + 1) for cached in (state.keys, state.values))
            all_keys[:, :, -1], all_values[:, :, -1] = keys, values
            heads = F.scaled_dot_product_attention(queries[:, :, None], all_keys, all_values)
            stream = stream + _masked(layer.self_attn.o_proj(heads.flatten(1)), masks, 2 * number)
            written = layer.mlp(layer.post_attention_layernorm(stream), joined.gate_up)
            stream = stream + _masked(written, masks, 2 * number + 1)
        return self.model.norm(stream)  # type: ignore[no-any-return]

    def select_rows(self, state: Cache, rows: Tensor) -> Cache:
        """Return the state of those `rows` (b,) of `state`."""
        return state._replace(keys=state.keys[:, rows], values=state.values[:, rows], earlier=state.earlier[rows])


def _masked(branch: Tensor, masks: Tensor | None, number: int) -> Tensor:
    """Return `branch` (B, W) under its dropout mask (B, W)."""
    return branch if masks is None else branch * masks[number]
