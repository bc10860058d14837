"""A gated recurrent unit (Cho et al. 2014, arXiv:1406.1078), in the form that cuDNN and torch.nn.GRU use.

    r = sigmoid(W_r x + b_r + U_r h + c_r)          share of the past in the candidate
    z = sigmoid(W_z x + b_z + U_z h + c_z)          share of the past that is kept
    n = tanh(W_n x + b_n + r * (U_n h + c_n))       the candidate
    h = (1 - z) * n + z * h

The recurrence has its own backward pass, because eager autograd spends most of its time on nodes of 64 x 128 numbers:
it computes the derivative factors in bulk and the weight's gradient as one matrix product. tests/policies compares it
with autograd through `_cell`.
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

BLOCK_COLUMNS = 16
"""Columns whose derivative factors are computed together in the backward pass: 64 x 128 states stay in the cache."""


class Gates(NamedTuple):
    """The input's share of the gates: of reset and update (..., 2W), and of the candidate (..., W)."""

    reset_update: Tensor
    candidate: Tensor


def _split(parameter: Tensor) -> Gates:
    """Return the rows of a `parameter` (3W, ...) that belong to reset and update, and those of the candidate."""
    width = parameter.shape[0] // 3
    return Gates(parameter[: 2 * width], parameter[2 * width :])


class Recurrent(NamedTuple):
    """U_r and U_z transposed (W, 2W) and U_n transposed (W, W), and c_n (W,); c_r and c_z are in the gates already."""

    weights: Gates
    bias: Tensor

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor) -> Recurrent:
        """Return the parts of `weight` (3W, W) and `bias` (3W,)."""
        return cls(Gates(*(part.t() for part in _split(weight))), _split(bias).candidate)


def _advance(gates: Gates, hidden: Tensor, recurrent: Recurrent, past: Tensor, following: Tensor) -> None:
    """Make `following` (B, W) the state after `hidden` (B, W), and of `gates` r and z (B, 2W), and n (B, W).

    `past` (B, W) becomes U_n h + c_n.
    """
    weights, bias = recurrent
    width = hidden.shape[1]
    reset_update = torch.addmm(gates.reset_update, hidden, weights.reset_update, out=gates.reset_update).sigmoid_()
    torch.addmm(bias, hidden, weights.candidate, out=past)
    candidate = gates.candidate.addcmul_(reset_update[:, :width], past).tanh_()
    torch.lerp(candidate, hidden, reset_update[:, width:], out=following)


class _Recurrence(torch.autograd.Function):
    """All steps from a hidden state of zeros: gates (P, 2W) and (P, W) of `prefixes` to their hidden states (P, W).

    The gates are overwritten; their backward pass does not need them.
    """

    @staticmethod
    def forward(
        ctx: Any, reset_update: Tensor, candidate: Tensor, weight: Tensor, bias: Tensor, prefixes: Prefixes
    ) -> Tensor:
        hidden, before, past = (torch.empty_like(candidate) for _ in range(3))
        recurrent = Recurrent.of(weight, bias)
        columns = list(prefixes.by_column())
        before[columns[0]] = 0.0
        for number, here in enumerate(columns):
            if number:
                torch.index_select(hidden, 0, prefixes.parents[here], out=before[here])
            gates = Gates(reset_update[here], candidate[here])
            _advance(gates, before[here], recurrent, past[here], hidden[here])
        ctx.save_for_backward(weight, before, reset_update, candidate, past)
        ctx.prefixes = prefixes
        return hidden

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, None]:
        (gradient,) = gradients
        weight, before, reset_update, candidate, past = ctx.saved_tensors
        width, columns, parents = candidate.shape[1], list(ctx.prefixes.by_column()), ctx.prefixes.parents
        weights = _split(weight)
        d_reset_update, d_candidate = torch.empty_like(reset_update), torch.empty_like(candidate)
        d_weight, d_bias = torch.zeros_like(weight), weight.new_zeros(3 * width)
        d_weights, d_last_bias = _split(d_weight), _split(d_bias).candidate
        carried = torch.zeros_like(candidate[columns[-1]])
        for end in range(len(columns), 0, -BLOCK_COLUMNS):
            first = max(0, end - BLOCK_COLUMNS)
            block = slice(columns[first].start, columns[end - 1].stop)
            reset, update = reset_update[block, :width], reset_update[block, width:]
            # d(hidden) turns into d(pre-activation) of the candidate, of the past's share of it, and of r and z by
            # these factors.
            slope = torch.ops.aten.tanh_backward(1 - update, candidate[block])
            d_past = slope * reset
            d_gates = d_reset_update[block].view(-1, 2, width)
            d_gates[:, 0] = torch.ops.aten.sigmoid_backward(slope * past[block], reset)
            d_gates[:, 1] = torch.ops.aten.sigmoid_backward(before[block] - candidate[block], update)
            d_hidden = torch.empty_like(slope)
            for column in range(end - 1, first - 1, -1):
                here = columns[column]
                own = slice(here.start - block.start, here.stop - block.start)
                d_own = torch.add(carried, gradient[here], out=d_hidden[own])
                d_gate = d_gates[own].mul_(d_own.unsqueeze(1)).view(-1, 2 * width)
                d_before = torch.addmm(d_own * update[own], d_gate, weights.reset_update)
                d_before = torch.addmm(d_before, d_past[own].mul_(d_own), weights.candidate)
                if column:
                    previous = columns[column - 1]
                    carried = torch.zeros_like(candidate[previous])
                    carried.index_add_(0, parents[here] - previous.start, d_before)
            d_weights.reset_update.add_(d_reset_update[block].t() @ before[block])
            d_weights.candidate.add_(d_past.t() @ before[block])
            d_last_bias += d_past.sum(0)
            torch.mul(d_hidden, slope, out=d_candidate[block])
        return d_reset_update, d_candidate, d_weight, d_bias, None


class GRULayer(nn.Module):
    """One recurrent layer; parameters are named and shaped as in torch.nn.GRU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight_ih = nn.Parameter(torch.empty(3 * width, width))
        self.weight_hh = nn.Parameter(torch.empty(3 * width, width))
        self.bias_ih = nn.Parameter(torch.zeros(3 * width))
        self.bias_hh = nn.Parameter(torch.zeros(3 * width))

    def gates(self, inputs: Tensor) -> Gates:
        """Return the input's share of the gates for `inputs` (..., W); b_r, b_z, c_r, c_z and b_n are in it."""
        weights, biases = _split(self.weight_ih), _split(self.bias_ih)
        reset_update_bias = biases.reset_update + _split(self.bias_hh).reset_update
        return Gates(
            F.linear(inputs, weights.reset_update, reset_update_bias),
            F.linear(inputs, weights.candidate, biases.candidate),
        )

    def recur(self, gates: Gates, prefixes: Prefixes) -> Tensor:
        """Return the hidden states (P, W) over the input's share of the gates (P, ...), which is overwritten."""
        parameters = self.weight_hh, self.bias_hh
        states: Tensor = _Recurrence.apply(*gates, *parameters, prefixes)  # type: ignore[no-untyped-call]
        return states


class GRUState(NamedTuple):
    """Hidden states (layers, B, W), the first layer's gates for every token (V, ...), and each layer's recurrence."""

    hidden: Tensor
    gates: Gates
    recurrent: list[Recurrent]


class GRUNetwork(StepwisePrefill, WholeState, nn.Module):
    """Embedding, recurrent layers, and a head; see `networks.base.Network` for the methods.

    The first layer's gates are looked up: an alphabet has fewer tokens than a batch, so projecting the embeddings once
    is cheaper than projecting every token read.
    """

    def __init__(self, size: Size, vocabulary: int) -> None:
        super().__init__()
        self.width = size.width
        self.mask_count = size.layers
        self.embed_tokens = nn.Embedding(vocabulary, size.width)
        self.layers = nn.ModuleList(GRULayer(size.width) for _ in range(size.layers))
        self.lm_head = nn.Linear(size.width, vocabulary)

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the initial weights: orthogonal from state to state, others as in torch, embeddings half as large.

        An orthogonal matrix preserves the state (Saxe et al. 2013, arXiv:1312.6120), so the network can distinguish
        positions that follow the same letters.
        """
        bound = 1 / math.sqrt(self.width)
        with torch.no_grad():
            self.embed_tokens.weight.normal_(0.0, 0.5, generator=generator)
            for parameter in self._layers_and_head():
                parameter.uniform_(-bound, bound, generator=generator)
            for number in range(len(self.layers)):
                for gate in self._layer(number).weight_hh.chunk(3):
                    nn.init.orthogonal_(gate, generator=generator)

    def _layers_and_head(self) -> list[nn.Parameter]:
        return [*self.layers.parameters(), *self.lm_head.parameters()]

    def _layer(self, number: int) -> GRULayer:
        return cast(GRULayer, self.layers[number])

    def _token_gates(self) -> Gates:
        return self._layer(0).gates(self.embed_tokens.weight)

    def forward(self, prefixes: Prefixes, masks: Tensor | None = None) -> Tensor:
        """Return features (P, W) for `prefixes`."""
        gates = Gates(*(F.embedding(prefixes.tokens, table) for table in self._token_gates()))
        states = _masked(self._layer(0).recur(gates, prefixes), masks, 0)
        for number in range(1, len(self.layers)):
            layer = self._layer(number)
            states = _masked(layer.recur(layer.gates(states), prefixes), masks, number)
        return states

    def logits(self, features: Tensor) -> Tensor:
        """Return logits (..., V) for `features` (..., W)."""
        return F.linear(features, self.lm_head.weight, self.lm_head.bias)

    def start(self, batch: int, length: int) -> GRUState:
        """Return the state before the first token."""
        hidden = self.lm_head.weight.new_zeros(len(self.layers), batch, self.width)
        layers = [self._layer(number) for number in range(len(self.layers))]
        recurrent = [Recurrent.of(layer.weight_hh, layer.bias_hh) for layer in layers]
        return GRUState(hidden, self._token_gates(), recurrent)

    @torch.no_grad()
    def step(self, tokens: Tensor, position: int, state: GRUState, masks: Tensor | None = None) -> Tensor:
        """Return features (B, W) after `tokens` (B,) and advance `state` in place."""
        gates = Gates(*(table[tokens] for table in state.gates))
        for number in range(len(self.layers)):
            hidden = state.hidden[number]
            following = torch.empty_like(hidden)
            _advance(gates, hidden, state.recurrent[number], torch.empty_like(hidden), following)
            state.hidden[number] = following
            features = _masked(following, masks, number)
            if number + 1 < len(self.layers):
                gates = self._layer(number + 1).gates(features)
        return features

    def select_rows(self, state: GRUState, rows: Tensor) -> GRUState:
        """Return the state of those `rows` (b,) of `state`."""
        return state._replace(hidden=state.hidden[:, rows])


def _masked(states: Tensor, masks: Tensor | None, number: int) -> Tensor:
    """Return `states` (B, W) under their layer's dropout mask (B, W)."""
    return states if masks is None else states * masks[number]
