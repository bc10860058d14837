"""A second tokenizer, for tests: pairs of letters are tokens too, two tokens stop, and the padding is a letter."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import msgspec

from pgplay.errors import InputError
from pgplay.policies.families.gru import GRU
from pgplay.policies.families.transformer import TRANSFORMER

START, STOP, FULL_STOP = 0, 1, 2


class PairTokenizer(msgspec.Struct, frozen=True):
    """Start, two stop tokens, the letters of `alphabet`, then every pair of them; texts are encoded by pairs."""

    alphabet: str

    @property
    def token_texts(self) -> tuple[str, ...]:
        pairs = ("".join(pair) for pair in itertools.product(self.alphabet, repeat=2))
        return ("", "", "", *self.alphabet, *pairs)

    @property
    def vocabulary_size(self) -> int:
        return len(self.token_texts)

    @property
    def stop_ids(self) -> tuple[int, ...]:
        return STOP, FULL_STOP

    @property
    def pad_id(self) -> int:
        return FULL_STOP + 1

    @property
    def one_token_per_character(self) -> bool:
        return False

    @property
    def fingerprint(self) -> str:
        return f"pairs {self.alphabet}"

    def length(self, text: str) -> int:
        return (len(text) + 1) // 2

    def unwritable(self, texts: Iterable[str]) -> str:
        return "".join(sorted(set().union(*texts) - set(self.alphabet)))

    def encode(self, text: str) -> list[int]:
        if missing := self.unwritable([text]):
            raise InputError(f"There is no token for {missing!r}.", f"It knows {self.alphabet!r}.")
        return [self.token_texts.index(text[place : place + 2]) for place in range(0, len(text), 2)]

    def render_prompt(self, prompt: str) -> list[int]:
        return [*self.encode(prompt), START]

    def pieces(self, tokens: Sequence[int]) -> list[str]:
        return [self.token_texts[token] for token in tokens]

    def decode(self, tokens: Sequence[int]) -> str:
        return "".join(self.pieces(tokens))


PAIR_FAMILIES = {
    "pair-gru": GRU._replace(name="pair-gru", tokenizer=PairTokenizer),
    "pair-transformer": TRANSFORMER._replace(name="pair-transformer", tokenizer=PairTokenizer),
}
