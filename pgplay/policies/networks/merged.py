"""The weights of a pretrained model with its adapter added: a copy, as adding in place would change the base."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

_BASE = ".base_layer."
"""What peft puts into the names of weights that an adapter changes."""


class MergedWeights(NamedTuple):
    """A model's tensors by the names of its own files, and whether its output layer is its table of embeddings."""

    tensors: dict[str, Tensor]
    is_tied: bool


@torch.no_grad()
def merged_weights(causal: Any) -> MergedWeights:
    """Return the weights of the model `causal`; W + (alpha / rank) B A where it has an adapter.

    Tied tensors are one, unless the adapter changes one of them alone.
    """
    from peft.tuners.lora import LoraLayer

    changed = {name: module for name, module in causal.named_modules() if isinstance(module, LoraLayer)}
    tensors: dict[str, Tensor] = {}
    places: set[int] = set()
    is_tied = False
    for name, tensor in causal.state_dict().items():
        if ".lora_" in name:
            continue
        layer = changed.get(name.removesuffix(f"{_BASE}weight"))
        if layer is not None and name.endswith(f"{_BASE}weight"):
            tensors[name.replace(_BASE, ".")] = tensor + layer.get_delta_weight("default")
        elif tensor.data_ptr() in places:
            is_tied = True
        else:
            places.add(tensor.data_ptr())
            tensors[name.replace(_BASE, ".")] = tensor
    return MergedWeights(tensors, is_tied)
