"""The description from which a policy is rebuilt, together with its tensors."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from pgplay.errors import InputError
from pgplay.files.text import check_text
from pgplay.policies.families.base import ModelSpec, Shapes
from pgplay.policies.families.catalogue import model_spec
from pgplay.policies.families.pretrained import base_hash
from pgplay.tokenizers.alphabet import ASCII
from pgplay.tokenizers.base import Tokenizer
from pgplay.tokenizers.registry import CHARACTERS, make_tokenizer
from pgplay.tokenizers.subword import RAW, TEMPLATES, PromptFormat, subword_tokenizer


class FreshSpec(msgspec.Struct, frozen=True, tag_field="kind", tag="fresh", omit_defaults=True):
    """A network that begins untrained: its model by name, the characters it writes, its longest completion in tokens.

    `tokens` names the tokenizer that is made for the alphabet. `previous_token` is as in `Size`; policies of pgplay 0.1
    lack the matrix.
    """

    model: str
    alphabet: str
    max_length: int
    tokens: str = CHARACTERS
    previous_token: bool = False

    @classmethod
    def of(cls, network: ModelSpec, alphabet: str, max_length: int, tokens: str = CHARACTERS) -> FreshSpec:
        """Return the description of a new network."""
        return cls(network.name, alphabet, max_length, tokens, network.shape.previous_token)

    @property
    def network(self) -> ModelSpec:
        """The network; raises InputError for an unknown model."""
        model = model_spec(self.model)
        return model._replace(shape=model.shape._replace(previous_token=self.previous_token))

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer over its alphabet; raises InputError for an unknown one."""
        return make_tokenizer(self.tokens, self.alphabet)

    @property
    def tensors(self) -> Shapes:
        """The shape of each of its network's tensors, by name, in order."""
        return self.network.tensors(self.tokenizer.vocabulary_size)

    def expected(self, stored: Shapes) -> Shapes:
        """Return the shapes that its tensors must have, whatever those `stored` have."""
        return self.tensors

    def check_base(self) -> None:
        """Do nothing: this policy has no base."""

    def check(self) -> None:
        """Raise InputError for a wrong model, tokenizer, alphabet or length."""
        longest = self.network.context_length
        if not 1 <= self.max_length <= longest:
            length = self.max_length
            raise InputError("model.length", field="max_length", length=length, model=self.model, longest=longest)
        if not self.alphabet:
            raise InputError("model.empty_alphabet")
        check_text(self.alphabet, "The alphabet")
        self.tokenizer  # noqa: B018  (refuses an alphabet with a character twice)


class PretrainedSpec(msgspec.Struct, frozen=True, tag_field="kind", tag="pretrained", omit_defaults=True):
    """A pretrained model with an adapter: the base's folder and hash, the adapter's shape, the longest completion.

    Rank 0 trains every weight. `template` and `system` say how it gets a prompt.
    """

    model: str
    base_hash: str
    max_length: int
    rank: int
    alpha: int
    targets: str
    template: str = RAW.template
    system: str = RAW.system

    @property
    def network(self) -> ModelSpec:
        """The base; raises InputError where it is missing."""
        return model_spec(self.model)

    @property
    def tokens(self) -> str:
        """The name of its tokenizer: its own."""
        return "auto"

    @property
    def tokenizer(self) -> Tokenizer:
        """The base's tokenizer; raises InputError where it is missing."""
        return subword_tokenizer(self.model, PromptFormat(self.template, self.system))

    @property
    def alphabet(self) -> str:
        """Characters for random edits of its texts; it can write all others too."""
        return ASCII

    def check(self) -> None:
        """Raise InputError for a wrong length or adapter, and for a base that is missing or another one."""
        if self.max_length < 1 or self.rank < 0 or self.alpha < 1 or not self.targets or self.template not in TEMPLATES:
            raise InputError("model.adapter_shape")
        check_text(self.model, "The model's folder")

    def check_base(self) -> None:
        """Raise InputError where the base is missing or another one than the adapter was trained on."""
        if base_hash(self.network.name) != self.base_hash:
            raise InputError("model.other_base", folder=self.model)

    def expected(self, stored: Shapes) -> Shapes:
        """Return the shapes that its tensors must have; the base, which may be missing here, decides the rest."""
        if not self.rank:
            return stored
        pairs = {name.rpartition(".lora_")[0] for name in stored}
        expected: Shapes = {}
        for part in sorted(pairs):
            for letter, place in (("A", 0), ("B", 1)):
                name = f"{part}.lora_{letter}.weight"
                shape = list(stored.get(name, (0, 0)))
                shape[place : place + 1] = [self.rank]
                expected[name] = tuple(shape)
        return expected


PolicySpec: TypeAlias = FreshSpec | PretrainedSpec
"""A policy's description, tagged by its kind."""

StoredSpec: TypeAlias = PolicySpec | tuple[str, str, int]
"""A description as a checkpoint holds it; pgplay 0.1 wrote model, alphabet and length as a list."""


def from_stored(stored: StoredSpec) -> PolicySpec:
    """Return the description that a checkpoint holds."""
    return FreshSpec(*stored) if isinstance(stored, tuple) else stored


def read_policy_spec(value: Any) -> PolicySpec:
    """Return the description in `value`, plain values of a checkpoint; raises msgspec.ValidationError."""
    return from_stored(msgspec.convert(value, StoredSpec))
