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
from typing import Any

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
        # d(pre-activation)/d(hidden) of the candidate, and from it of r, z and the past's share of the candidate.
        slope = (1 - update) * (1 - candidate * candidate)
        factors = torch.stack(
            [slope * past * reset * (1 - reset), (hidden[:-1] - candidate) * update * (1 - update), slope * reset], 2
        )
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

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the hidden states (T, B, W) over `inputs` (T, B, W)."""
        gates_x = F.linear(inputs, self.weight_ih, self.bias_ih)
        states: Tensor = _Recurrence.apply(gates_x, self.weight_hh, self.bias_hh)  # type: ignore[no-untyped-call]
        return states

    def step(self, inputs: Tensor, hidden: Tensor) -> Tensor:
        """Return the next hidden state (B, W) for one token's `inputs` (B, W)."""
        return _cell(F.linear(inputs, self.weight_ih, self.bias_ih), hidden, self.weight_hh, self.bias_hh)


class GRUNetwork(nn.Module):
    """Embedding, recurrent layers, and a head; see `policies.network.Network` for the methods' contract."""

    def __init__(self, spec: ModelSpec, vocabulary: int) -> None:
        super().__init__()
        self.width = spec.width
        self.mask_count = spec.layers + 1
        self.embed_tokens = nn.Embedding(vocabulary, spec.width)
        self.layers = nn.ModuleList(GRULayer(spec.width) for _ in range(spec.layers))
        self.lm_head = nn.Linear(spec.width, vocabulary)

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the first weights: uniform in 1/sqrt(width) as torch does, and a head of zeros: a uniform policy."""
        bound = 1 / math.sqrt(self.width)
        with torch.no_grad():
            self.embed_tokens.weight.normal_(generator=generator)
            for layer in self.layers:
                for parameter in layer.parameters():
                    parameter.uniform_(-bound, bound, generator=generator)
            self.lm_head.weight.uniform_(-bound, bound, generator=generator)
            self.lm_head.bias.zero_()

    def forward(self, tokens: Tensor, masks: Tensor | None = None) -> Tensor:
        """Return features (B, T, W) for `tokens` (B, T)."""
        states = self.embed_tokens(tokens.t())
        for number, layer in enumerate(self.layers):
            states = layer(states if masks is None else states * masks[number])
        return (states if masks is None else states * masks[-1]).transpose(0, 1)

    def logits(self, features: Tensor) -> Tensor:
        """Return logits (..., V) for `features` (..., W)."""
        return self.lm_head(features)  # type: ignore[no-any-return]

    def start(self, batch: int, length: int) -> Tensor:
        """Return the state before the first token: hidden states (layers, B, W) of zeros."""
        return self.lm_head.weight.new_zeros(len(self.layers), batch, self.width)

    def step(self, tokens: Tensor, position: int, state: Tensor, masks: Tensor | None = None) -> Tensor:
        """Return features (B, W) after `tokens` (B,) and advance `state` in place."""
        inputs = self.embed_tokens(tokens)
        for number, layer in enumerate(self.layers):
            inputs = layer.step(inputs if masks is None else inputs * masks[number], state[number])
            state[number] = inputs
        return inputs if masks is None else inputs * masks[-1]
