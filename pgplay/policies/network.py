"""What every network offers, and the one place that builds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from pgplay.policies.catalogue import ModelSpec
from pgplay.policies.gru import GRUNetwork
from pgplay.policies.prefixes import Prefixes
from pgplay.policies.transformer import TransformerNetwork


class Network(Protocol):
    """Tokens to features to logits, for whole texts by their prefixes (forward) and token by token (start, step).

    `masks` (mask_count, B, W) are dropout masks, the same for a whole completion, so that sampling and learning see one
    network (Gal and Ghahramani 2016, arXiv:1512.05287); None drops nothing.
    """

    width: int
    mask_count: int

    def __call__(self, prefixes: Prefixes, masks: Tensor | None = None) -> Tensor:
        """Return features (P, W) for `prefixes`, with a row of `masks` for each."""
        ...

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the first weights."""
        ...

    def logits(self, features: Tensor) -> Tensor:
        """Return logits (..., V) for `features` (..., W)."""
        ...

    def start(self, batch: int, length: int) -> Any:
        """Return the state before the first of `length` tokens; it holds for the present weights only."""
        ...

    def step(self, tokens: Tensor, position: int, state: Any, masks: Tensor | None = None) -> Tensor:
        """Return features (B, W) after `tokens` (B,) at `position`, and advance `state` in place."""
        ...

    def only(self, state: Any, rows: Tensor) -> Any:
        """Return the state of those `rows` (b,) of `state`."""
        ...


FAMILIES: dict[str, type[nn.Module]] = {"gru": GRUNetwork, "transformer": TransformerNetwork}


def build_network(spec: ModelSpec, vocabulary: int, seed: int) -> nn.Module:
    """Return a network with its first weights drawn from `seed`, on the CPU: the same on every device."""
    network = FAMILIES[spec.family](spec, vocabulary)
    with _one_thread():
        network.initialise(torch.Generator().manual_seed(seed))  # type: ignore[operator]
    return network


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute with one thread: a factorisation that is split among several rounds differently."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def draw_masks(network: Network, batch: int, dropout: float, generator: torch.Generator) -> Tensor:
    """Return dropout masks (mask_count, B, W): 0 with probability `dropout`, else 1 / (1 - dropout)."""
    shape = (network.mask_count, batch, network.width)
    kept = torch.rand(shape, generator=generator, device=generator.device) >= dropout
    return kept / (1 - dropout)
