"""What it takes to build a policy again, beside its tensors."""

from __future__ import annotations

from typing import NamedTuple

from pgplay.policies.catalogue import model_spec
from pgplay.policies.families.base import ModelSpec
from pgplay.tokenizers.base import Tokenizer


class PolicySpec(NamedTuple):
    """A policy's model by name, the characters that it writes, and its longest completion in tokens."""

    model: str
    alphabet: str
    max_length: int

    @property
    def network(self) -> ModelSpec:
        """The network; raises InputError for an unknown model."""
        return model_spec(self.model)

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of its family, over its alphabet."""
        return self.network.family.tokenizer(self.alphabet)
