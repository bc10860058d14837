"""The description from which a policy is rebuilt, together with its tensors."""

from __future__ import annotations

from typing import NamedTuple

from pgplay.errors import InputError
from pgplay.files.text import check_text
from pgplay.policies.families.base import ModelSpec, Shapes
from pgplay.policies.families.catalogue import model_spec
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

    @property
    def tensors(self) -> Shapes:
        """The shape of each of its network's tensors, by name, in order."""
        return self.network.tensors(self.tokenizer.vocabulary_size)

    def check(self) -> None:
        """Raise InputError for a wrong model, alphabet or length."""
        longest = self.network.context_length
        if not 1 <= self.max_length <= longest:
            raise InputError(
                f"max_length cannot be {self.max_length}.",
                f"A {self.model} writes from 1 to {longest} tokens.",
                field="max_length",
            )
        if not self.alphabet:
            raise InputError("The alphabet is empty.", "It holds at least one character.")
        check_text(self.alphabet, "The alphabet")
        self.tokenizer  # noqa: B018  (refuses an alphabet with a character twice)
