"""The one place that builds networks: a module for each family."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from pgplay.policies.families.base import ModelSpec
from pgplay.policies.networks.gru import GRUNetwork
from pgplay.policies.networks.transformer import TransformerNetwork

NETWORKS: dict[str, type[nn.Module]] = {"gru": GRUNetwork, "transformer": TransformerNetwork}


def build_network(spec: ModelSpec, vocabulary: int, seed: int) -> nn.Module:
    """Return a network with initial weights from `seed`, drawn on the CPU, so the same on every device."""
    network = NETWORKS[spec.family.name](spec.shape, vocabulary)
    with _one_thread():
        network.initialise(torch.Generator().manual_seed(seed))  # type: ignore[operator]
    return network


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute with one thread: a factorisation on several threads rounds differently."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
