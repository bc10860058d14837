"""A pretrained model's layers, sharded: each rank holds a part of every weight (Zhao et al. 2023, arXiv:2304.11277).

A layer's weights are gathered on every rank before it computes, forwards and backwards, and freed after it. A gather is
an exchange, so the ranks must gather the same layers in the same order. In a step they do, as each makes as many reads
as the others, where need be of a token that counts for nothing. At all other times the first rank works alone: it says
to the others which layer it gathers, and they give their part of it.

Embeddings and output layer, which is applied to some prefixes at a time, are whole on every rank, and so are adapters:
they are what is trained, so gradients, optimiser and checkpoints are those of a policy that is not sharded.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, distributed, nn

from pgplay.errors import InputError
from pgplay.policies.ranks import ProcessRanks


def shard_layers(causal: nn.Module, ranks: ProcessRanks, device: torch.device) -> None:
    """Leave this rank its part of each layer of the model `causal`, on its `device`, where the layer then computes."""
    from torch.distributed.device_mesh import DeviceMesh
    from torch.distributed.fsdp import FSDPModule, fully_shard

    if not hasattr(FSDPModule, "set_custom_all_gather"):
        raise InputError("engine.old_torch", version=torch.__version__)
    world = distributed.distributed_c10d._get_default_group()  # of all ranks; making another one is an exchange
    mesh = DeviceMesh.from_group(world, device.type)
    trained = {parameter for parameter in causal.parameters() if parameter.requires_grad}
    layers: list[Any] = [*layers_of(causal)]
    for number, layer in enumerate(layers):
        # Each layer is a root of its own, so that it is gathered when it computes, and never ahead of that.
        fully_shard(layer, mesh=mesh, reshard_after_forward=True, ignored_params=trained)
        layer.set_custom_all_gather(_Gather(number, ranks))

    def take_part(number: int) -> None:
        layers[number].unshard()
        layers[number].reshard()

    ranks.take_part = take_part


def layers_of(causal: nn.Module) -> nn.ModuleList:
    """Return the layers of the model `causal`, one after the other; raises InputError where it has no list of them."""
    parts = causal.base_model.children()  # type: ignore[union-attr]
    layers = next((part for part in parts if isinstance(part, nn.ModuleList)), None)
    if layers is None:
        raise InputError("engine.no_layers", field="model", kind=type(causal).__name__)
    return layers


class _Gather:
    """FSDP's exchange of the layer of this `number`: see torch.distributed.fsdp's AllGather."""

    def __init__(self, number: int, ranks: ProcessRanks) -> None:
        self._number, self._ranks = number, ranks

    def allocate(self, size: torch.Size, *, dtype: torch.dtype, device: torch.device) -> Tensor:
        """Return memory for what is gathered."""
        return torch.empty(*size, dtype=dtype, device=device)

    def __call__(
        self, output_tensor: Tensor, input_tensor: Tensor, group: Any, async_op: bool = False
    ) -> None:
        """Gather the ranks' parts into `output_tensor`; raises LostRankError if one of them is gone."""
        self._ranks.announce_gather(self._number)
        name = "all_gather_single" if hasattr(distributed, "all_gather_single") else "all_gather_into_tensor"
        gather = getattr(distributed, name)  # torch 2.13 has renamed it
        self._ranks.run(partial(gather, group=group), output_tensor, input_tensor)
