"""The description from which a policy is rebuilt, together with its tensors."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from pgplay.errors import InputError
from pgplay.files.text import check_text
from pgplay.policies.families.base import ModelSpec, Shapes
from pgplay.policies.families.catalogue import model_spec
from pgplay.tokenizers.base import Tokenizer
from pgplay.tokenizers.registry import CHARACTERS, make_tokenizer


class FreshSpec(msgspec.Struct, frozen=True, tag_field="kind", tag="fresh", omit_defaults=True):
    """A network that begins untrained: its model by name, the characters it writes, its longest completion in tokens.

    `tokens` names the tokenizer that is made for the alphabet.
    """

    model: str
    alphabet: str
    max_length: int
    tokens: str = CHARACTERS

    @property
    def network(self) -> ModelSpec:
        """The network; raises InputError for an unknown model."""
        return model_spec(self.model)

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer over its alphabet; raises InputError for an unknown one."""
        return make_tokenizer(self.tokens, self.alphabet)

    @property
    def tensors(self) -> Shapes:
        """The shape of each of its network's tensors, by name, in order."""
        return self.network.tensors(self.tokenizer.vocabulary_size)

    def check(self) -> None:
        """Raise InputError for a wrong model, tokenizer, alphabet or length."""
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


PolicySpec: TypeAlias = FreshSpec
"""A policy's description, tagged by its kind."""

StoredSpec: TypeAlias = PolicySpec | tuple[str, str, int]
"""A description as a checkpoint holds it; pgplay 0.1 wrote model, alphabet and length as a list."""


def from_stored(stored: StoredSpec) -> PolicySpec:
    """Return the description that a checkpoint holds."""
    return FreshSpec(*stored) if isinstance(stored, tuple) else stored


def read_policy_spec(value: Any) -> PolicySpec:
    """Return the description in `value`, plain values of a checkpoint; raises msgspec.ValidationError."""
    return from_stored(msgspec.convert(value, StoredSpec))
