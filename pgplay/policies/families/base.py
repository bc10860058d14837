"""A model family's declaration, and a model: one size of a family. Without torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import Enum
from typing import NamedTuple

Shapes = dict[str, tuple[int, ...]]
"""The shape of each tensor of a network, by its name, in the network's order."""


class Capability(Enum):
    """Capabilities of a family's networks; settings and algorithms require these, never a family by name."""

    DROPOUT = "capability.dropout"
    FRESH_WEIGHTS = "capability.fresh_weights"
    WEIGHED_TOKENS = "capability.weighed_tokens"
    CUDA_GRAPHS = "capability.cuda_graphs"
    RAGGED_PROMPTS = "capability.ragged_prompts"
    ADAPTER = "capability.adapter"
    CHAT = "capability.chat"


OF_PRETRAINED = frozenset({Capability.RAGGED_PROMPTS, Capability.ADAPTER, Capability.CHAT})
"""What only a pretrained model can."""


class Size(NamedTuple):
    """The dimensions of a network; a recurrent family ignores all but the first three.

    `previous_token`: whether each token also sees the one before it, by a matrix of its own.
    """

    layers: int
    width: int
    context_length: int
    heads: int = 1
    feed_forward: int = 0
    previous_token: bool = False


class Products(NamedTuple):
    """Multiplications in a forward pass: once per pass, per token, and per pair of tokens."""

    once: int
    per_token: int
    per_pair: int


class ModelFamily(NamedTuple):
    """A kind of network: everything known about it without torch.

    The learning rate falls with the width, so that a step changes the output equally in every size (Yang et al. 2022,
    arXiv:2203.03466): `lr_times_width` is the same from nano to xl. `entropy` is the weight of the entropy bonus; both
    are tuned with tests/benchmarks/solve.py. `length_slack`: tokens that a completion may have beyond the longest
    target when one text is learned without prompts. `tokenizer` names its usual tokenizer. `tensors` gives
    the shapes for a vocabulary size.
    """

    name: str
    description: str
    sizes: Mapping[str, Size]
    lr_times_width: float
    entropy: float
    length_slack: int
    tensors: Callable[[Size, int], Shapes]
    products: Callable[[Size, int], Products]
    tokenizer: str
    capabilities: frozenset[Capability]


class ModelSpec(NamedTuple):
    """A model: its family and dimensions; the vocabulary fixes the rest of its shape. `place`: its folder, if any."""

    family: ModelFamily
    size: str
    shape: Size
    place: str = ""

    @property
    def name(self) -> str:
        """Its name as a setting, such as gru-small, or its folder."""
        return self.place or f"{self.family.name}-{self.size}"

    @property
    def context_length(self) -> int:
        """Most tokens of prompt and completion together."""
        return self.shape.context_length

    @property
    def lr(self) -> float:
        """Its default learning rate, to two digits."""
        return float(f"{self.family.lr_times_width / self.shape.width:.2g}")

    @property
    def entropy(self) -> float:
        """Its default weight of the entropy bonus."""
        return self.family.entropy

    @property
    def threads(self) -> int | None:
        """Its default number of CPU threads, None if it must be measured.

        The matrices of nano and small are too small to share; a fixed number gives the same numbers on every machine.
        """
        return 1 if self.size in ("nano", "small") else None

    def parameter_count(self, vocabulary: int) -> int:
        """Return the number of parameters for a `vocabulary` size."""
        return sum(map(math.prod, self.tensors(vocabulary).values()))

    def tensors(self, vocabulary: int) -> Shapes:
        """Return the shape of each tensor for a `vocabulary` size, by name, in order."""
        return self.family.tensors(self.shape, vocabulary)

    def can(self, capability: Capability) -> bool:
        """Whether its family declares `capability`."""
        return capability in self.family.capabilities
