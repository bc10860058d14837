"""A gated recurrent unit (Cho et al. 2014, arXiv:1406.1078), in the form that cuDNN and torch.nn.GRU use.

    r = sigmoid(W_r x + b_r + U_r h + c_r)          how much of the past the candidate sees
    z = sigmoid(W_z x + b_z + U_z h + c_z)          how much of the past is kept
    n = tanh(W_n x + b_n + r * (U_n h + c_n))       the candidate
    h = (1 - z) * n + z * h

Over a whole batch the recurrence has a backward pass of its own, because eager autograd spends most of its time on
nodes of 64 x 128 numbers: it takes the derivative factors in bulk and the weight's gradient as one matrix product.
tests/policies holds it against autograd through `_cell`.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pgplay.policies.catalogue import ModelSpec


def _cell(gates_x: Tensor, hidden: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return the next hidden state (B, W) from the input's share of the gates (B, 3W) and the present one (B, W)."""
    width = hidden.shape[1]
    gates_h = torch.addmm(bias, hidden, weight.t())
    reset_update = torch.sigmoid(gates_x[:, : 2 * width] + gates_h[:, : 2 * width])
    candidate = torch.tanh(torch.addcmul(gates_x[:, 2 * width :], reset_update[:, :width], gates_h[:, 2 * width :]))
    return torch.lerp(candidate, hidden, reset_update[:, width:])


class _Recurrence(torch.autograd.Function):
    """All steps of `_cell` from a hidden state of zeros: gates_x (T, B, 3W) to hidden states (T, B, W)."""

    @staticmethod
    def forward(ctx: Any, gates_x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        length, batch, triple = gates_x.shape
        width = triple // 3
        hidden = gates_x.new_zeros(length + 1, batch, width)
        reset_update = gates_x[:, :, : 2 * width].clone()
        candidate = gates_x[:, :, 2 * width :].clone()
        past = gates_x.new_empty(length, batch, width)
        gates_h = gates_x.new_empty(batch, triple)
        transposed = weight.t()
        for t in range(length):
            torch.addmm(bias, hidden[t], transposed, out=gates_h)
            reset_update[t].add_(gates_h[:, : 2 * width]).sigmoid_()
            past[t] = gates_h[:, 2 * width :]
            candidate[t].addcmul_(reset_update[t, :, :width], past[t]).tanh_()
            torch.lerp(candidate[t], hidden[t], reset_update[t, :, width:], out=hidden[t + 1])
        ctx.save_for_backward(weight, hidden, reset_update, candidate, past)
        return hidden[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        (gradient,) = gradients
        weight, hidden, reset_update, candidate, past = ctx.saved_tensors
        length, batch, width = candidate.shape
        reset, update = reset_update[:, :, :width], reset_update[:, :, width:]
        # d(hidden) turns into d(pre-activation) of r, of z and of the past's share of n by these factors; the last of
        # them without r is that of n itself.
        factors = candidate.new_empty(length, batch, 3, width)
        slope = (1 - update).mul_(1 - candidate * candidate)
        torch.mul(slope, reset, out=factors[:, :, 2])
        torch.mul(past, 1 - reset, out=factors[:, :, 0]).mul_(factors[:, :, 2])
        torch.mul(hidden[:-1] - candidate, update, out=factors[:, :, 1]).mul_(1 - update)
        d_gates = torch.empty_like(factors)
        d_hidden = torch.empty_like(candidate)
        carried = candidate.new_zeros(batch, width)
        for t in range(length - 1, -1, -1):
            here = torch.add(carried, gradient[t], out=d_hidden[t])
            torch.mul(factors[t], here.unsqueeze(1), out=d_gates[t])
            carried = torch.addmm(here * update[t], d_gates[t].view(batch, 3 * width), weight)
        flat = d_gates.view(length * batch, 3 * width)
        d_weight = flat.t() @ hidden[:-1].reshape(length * batch, width)
        d_bias = flat.sum(0)
        torch.mul(d_hidden, slope, out=d_gates[:, :, 2])
        return d_gates.view(length, batch, 3 * width), d_weight, d_bias


class GRULayer(nn.Module):
    """One recurrent layer; parameters are named and shaped as in torch.nn.GRU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight_ih = nn.Parameter(torch.empty(3 * width, width))
        self.weight_hh = nn.Parameter(torch.empty(3 * width, width))
        self.bias_ih = nn.Parameter(torch.zeros(3 * width))
        self.bias_hh = nn.Parameter(torch.zeros(3 * width))

    def gates(self, inputs: Tensor) -> Tensor:
        """Return the input's share of the gates (..., 3W) for `inputs` (..., W)."""
        return F.linear(inputs, self.weight_ih, self.bias_ih)

    def recur(self, gates_x: Tensor) -> Tensor:
        """Return the hidden states (T, B, W) over the input's share of the gates (T, B, 3W)."""
        states: Tensor = _Recurrence.apply(gates_x, self.weight_hh, self.bias_hh)  # type: ignore[no-untyped-call]
        return states

    def step(self, gates_x: Tensor, hidden: Tensor) -> Tensor:
        """Return the next hidden state (B, W) for one token's share of the gates (B, 3W)."""
        return _cell(gates_x, hidden, self.weight_hh, self.bias_hh)


class GRUState(NamedTuple):
    """Hidden states (layers, B, W), and the first layer's gates for every token (V, 3W)."""

    hidden: Tensor
    gates: Tensor


class GRUNetwork(nn.Module):
    """Embedding, recurrent layers, and a head; see `policies.network.Network` for the methods' contract.

    The first layer's gates are looked up: an alphabet has fewer tokens than a batch, so projecting the embeddings once
    is cheaper than projecting every token read.
    """

    def __init__(self, spec: ModelSpec, vocabulary: int) -> None:
        super().__init__()
        self.width = spec.width
        self.mask_count = spec.layers
        self.embed_tokens = nn.Embedding(vocabulary, spec.width)
        self.layers = nn.ModuleList(GRULayer(spec.width) for _ in range(spec.layers))
        self.lm_head = nn.Linear(spec.width, vocabulary)

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the first weights: orthogonal from state to state, all others as torch does, embeddings half as large.

        An orthogonal matrix keeps what the state holds (Saxe et al. 2013, arXiv:1312.6120): the network tells apart
        places in a text that follow the same letters. With torch's own, 8 of 12 runs learnt 30 characters within
        40,000 completions; with these, 11 of 12.
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

    def _token_gates(self) -> Tensor:
        return self._layer(0).gates(self.embed_tokens.weight)

    def forward(self, tokens: Tensor, masks: Tensor | None = None) -> Tensor:
        """Return features (B, T, W) for `tokens` (B, T)."""
        gates_x = F.embedding(tokens.t(), self._token_gates())
        states = _masked(self._layer(0).recur(gates_x), masks, 0)
        for number in range(1, len(self.layers)):
            layer = self._layer(number)
            states = _masked(layer.recur(layer.gates(states)), masks, number)
        return states.transpose(0, 1)

    def logits(self, features: Tensor) -> Tensor:
        """Return logits (..., V) for `features` (..., W)."""
        return F.linear(features, self.lm_head.weight, self.lm_head.bias)

    def start(self, batch: int, length: int) -> GRUState:
        """Return the state before the first token."""
        return GRUState(self.lm_head.weight.new_zeros(len(self.layers), batch, self.width), self._token_gates())

    def step(self, tokens: Tensor, position: int, state: GRUState, masks: Tensor | None = None) -> Tensor:
        """Return features (B, W) after `tokens` (B,) and advance `state` in place."""
        gates_x = state.gates[tokens]
        for number in range(len(self.layers)):
            hidden = self._layer(number).step(gates_x, state.hidden[number])
            state.hidden[number] = hidden
            features = _masked(hidden, masks, number)
            if number + 1 < len(self.layers):
                gates_x = self._layer(number + 1).gates(features)
        return features


def _masked(states: Tensor, masks: Tensor | None, number: int) -> Tensor:
    """Return `states` (..., B, W) under their layer's dropout mask (B, W)."""
    return states if masks is None else states * masks[number]
