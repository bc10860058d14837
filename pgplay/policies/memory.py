"""The memory that training a pretrained model needs, predicted from its shape; without torch."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import msgspec

from pgplay.limits import LOGIT_COPIES, LOGITS_MEMORY
from pgplay.policies.families.base import ModelSpec, Shapes

NUMBER = 4
"""Bytes of a number: float32."""
HALF_NUMBER = 2
"""Bytes of a number: bfloat16."""
_IN_LAYER = re.compile(r"\.\d+\.")
"""What the name of a layer's tensor has in it: the layer's number."""
_ACTIVATIONS = 34
"""Numbers that the backward pass needs per token, layer and unit of width: the 17 of Korthikanti et al. (2022,
arXiv:2205.05198, equation 1) without attention scores, and as many for adapters and gated feed-forward layers."""
_NOT_ADAPTED = ("embed", "lm_head", "wte", "wpe")
"""Parts of the names of matrices that get no adapter."""


class Workload(NamedTuple):
    """The rows of a step, their longest text in tokens, prompt included, and the numbers that each trained one needs.

    `moments` counts the gradient and the optimiser's state: 3 for Adam, 1 for plain SGD.
    """

    rows: int
    tokens: int
    moments: int


class Adapter(NamedTuple):
    """A LoRA adapter's rank, 0 where all weights are trained, and the matrices that get it, as peft names them."""

    rank: int
    targets: str = "all-linear"


class MemoryForecast(msgspec.Struct, frozen=True):
    """Predicted bytes, by what they hold."""

    weights: int
    adapter: int
    optimiser: int
    cache: int
    activations: int
    logits: int
    layers: int = 0
    """The part of the weights that is in the layers; the others are embeddings and the output layer."""

    @property
    def step(self) -> int:
        """What a step computes: the larger of its two stages, as sampling's cache is freed before the activations."""
        return max(self.cache, self.activations + self.logits)

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.adapter + self.optimiser + self.step


def forecast_memory(model: ModelSpec, vocabulary: int, adapter: Adapter, work: Workload) -> MemoryForecast:
    """Return the forecast for training a pretrained `model`, or its `adapter`, on steps of `work`."""
    tensors = model.tensors(vocabulary)
    weights = model.parameter_count(vocabulary)
    trained = adapter.rank * _adapted_width(tensors, adapter.targets) if adapter.rank else weights
    places = work.rows * work.tokens
    logits = NUMBER * LOGIT_COPIES * vocabulary * places
    keys = next((shape[0] for name, shape in tensors.items() if name.endswith("k_proj.weight")), model.shape.width)
    return MemoryForecast(
        weights=NUMBER * weights,
        adapter=NUMBER * trained if adapter.rank else 0,
        optimiser=NUMBER * trained * work.moments,
        cache=NUMBER * 2 * model.shape.layers * keys * places,
        activations=NUMBER * _ACTIVATIONS * model.shape.layers * model.shape.width * places,
        logits=min(LOGITS_MEMORY, logits),
        layers=NUMBER * sum(math.prod(shape) for name, shape in tensors.items() if _IN_LAYER.search(f".{name}")),
    )


def sharded_weights(memory: MemoryForecast, layers: int, processes: int, *, is_on_gpus: bool) -> int:
    """Return the bytes of weights where the `layers` are sharded over that many processes: see `policies.shards`.

    On one of several GPUs, in bfloat16: all weights outside the layers, a part of each layer, and one whole layer. In
    the memory that processes on the CPU share: what they hold when the last of them loads the whole model.
    """
    outside = memory.weights - memory.layers
    if is_on_gpus:
        return (outside + memory.layers // processes + memory.layers // layers) // (NUMBER // HALF_NUMBER)
    return processes * outside + 2 * memory.layers - memory.layers // processes


def _adapted_width(tensors: Shapes, targets: str) -> int:
    """Return the sum of inputs and outputs of the matrices that get an adapter."""
    matrices = {name.removesuffix(".weight"): shape for name, shape in tensors.items() if len(shape) == 2}
    if targets == "all-linear":
        adapted = [shape for name, shape in matrices.items() if not any(part in name for part in _NOT_ADAPTED)]
    else:
        adapted = [shape for name, shape in matrices.items() if name.endswith(tuple(targets.split(",")))]
    return sum(map(sum, adapted))
