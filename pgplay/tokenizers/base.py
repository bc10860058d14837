"""What every tokenizer offers; nothing outside this folder asks which one it has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol


class Tokenizer(Protocol):
    """Text to token ids and back.

    A prompt is rendered, not only encoded: what begins the completion stands at its end. A token that is sampled is
    never encoded again. Padding may be a token that also means something: masks come from lengths, never from values.
    """

    @property
    def vocabulary_size(self) -> int:
        """The number of token ids, special ones counted in."""
        ...

    @property
    def stop_ids(self) -> tuple[int, ...]:
        """Every token that ends a completion; the first is the one that ends a text that is learnt."""
        ...

    @property
    def pad_id(self) -> int:
        """The token that fills a row beyond its text."""
        ...

    @property
    def one_token_per_character(self) -> bool:
        """Whether every token but the stop tokens is one character, so that edits of tokens are edits of the text."""
        ...

    @property
    def token_texts(self) -> Sequence[str]:
        """The text of each token by itself, as it is listed; empty for a stop token."""
        ...

    @property
    def fingerprint(self) -> str:
        """A text that is the same for two tokenizers only if they give every text the same tokens."""
        ...

    def length(self, text: str) -> int:
        """Return how many tokens `text` has, without special ones."""
        ...

    def unwritable(self, texts: Iterable[str]) -> str:
        """Return the characters of `texts` that no token can write, each once, in order."""
        ...

    def encode(self, text: str) -> list[int]:
        """Return the tokens of `text`, without special ones; raises InputError for what it cannot write."""
        ...

    def render_prompt(self, prompt: str) -> list[int]:
        """Return the tokens that a completion for `prompt` follows; raises InputError for what it cannot read."""
        ...

    def pieces(self, tokens: Sequence[int]) -> list[str]:
        """Return the text that each of `tokens` adds; joined, they are `decode(tokens)`.

        A token that ends no character adds nothing: the token that completes the character has it. Stop tokens add "".
        """
        ...

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of `tokens`."""
        ...
