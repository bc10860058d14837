"""What a model family declares, and a model: one size of a family. Without torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import Enum
from typing import NamedTuple

from pgplay.tokenizers.base import Tokenizer

Shapes = dict[str, tuple[int, ...]]
"""The shape of each tensor of a network, by its name, in the network's order."""


class Capability(Enum):
    """What a family's networks can do; settings and algorithms require these, never a family by its name."""

    DROPOUT = "drop hidden units"
    FRESH_WEIGHTS = "be drawn anew from a seed"
    SMALL_VOCABULARY = "weigh every token of the vocabulary"
    CUDA_GRAPHS = "be recorded as CUDA graphs"


class Size(NamedTuple):
    """The numbers that make a network of one size; `heads` and `feed_forward` mean nothing to a recurrent family."""

    layers: int
    width: int
    context_length: int
    heads: int = 1
    feed_forward: int = 0


class Products(NamedTuple):
    """Products of two numbers in a forward pass: once per pass, for each token, for each pair of tokens."""

    once: int
    per_token: int
    per_pair: int


class ModelFamily(NamedTuple):
    """A kind of network: everything about it that is known without torch.

    The learning rate falls with the width, so that a step changes what is written by as much in every size (Yang et al.
    2022, arXiv:2203.03466): `lr_times_width` is the same from nano to xl. `entropy` is the weight of the entropy bonus;
    tests/benchmarks/solve.py is how both were found. `length_slack`: characters that a completion may have beyond the
    longest target where one text is learnt without prompts. `tokenizer` makes the family's tokenizer from the
    characters that it is to write. `tensors` gives the shapes for a vocabulary of so many tokens.
    """

    name: str
    description: str
    sizes: Mapping[str, Size]
    lr_times_width: float
    entropy: float
    length_slack: int
    tensors: Callable[[Size, int], Shapes]
    products: Callable[[Size, int], Products]
    tokenizer: Callable[[str], Tokenizer]
    capabilities: frozenset[Capability]


class ModelSpec(NamedTuple):
    """One network: its family, and all that fixes its shape but the vocabulary."""

    family: ModelFamily
    size: str
    shape: Size

    @property
    def name(self) -> str:
        """The name by which a person picks it, such as gru-small."""
        return f"{self.family.name}-{self.size}"

    @property
    def context_length(self) -> int:
        """The most tokens that it reads and writes, prompt and completion together."""
        return self.shape.context_length

    @property
    def lr(self) -> float:
        """The learning rate that suits it, to two digits."""
        return float(f"{self.family.lr_times_width / self.shape.width:.2g}")

    @property
    def entropy(self) -> float:
        """The weight of the entropy bonus that suits it."""
        return self.family.entropy

    @property
    def threads(self) -> int | None:
        """CPU threads that suit it, None where only a measurement can tell.

        The matrices of nano and small are too small to share; a fixed number gives the same numbers on every machine.
        """
        return 1 if self.size in ("nano", "small") else None

    def parameter_count(self, vocabulary: int) -> int:
        """Return the number of trained numbers for a `vocabulary` of so many tokens."""
        return sum(map(math.prod, self.tensors(vocabulary).values()))

    def tensors(self, vocabulary: int) -> Shapes:
        """Return the shape of each tensor of its network for a `vocabulary` of so many tokens, by name, in order."""
        return self.family.tensors(self.shape, vocabulary)

    def can(self, capability: Capability) -> bool:
        """Whether its family declares `capability`."""
        return capability in self.family.capabilities
