"""The interface of every tokenizer; no code outside this folder asks which one it has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol


class Tokenizer(Protocol):
    """Text to token ids and back.

    A prompt is rendered, not only encoded: it ends with the tokens that begin a completion. Sampled tokens are never
    encoded again. The padding token may also have a meaning, so masks come from lengths, never from token values.
    """

    @property
    def vocabulary_size(self) -> int:
        """The number of token ids, including special ones."""
        ...

    @property
    def stop_ids(self) -> tuple[int, ...]:
        """All tokens that end a completion; the first one ends the texts used for training."""
        ...

    @property
    def pad_id(self) -> int:
        """The token that fills a row after its text."""
        ...

    @property
    def one_token_per_character(self) -> bool:
        """Whether every token except the stop tokens is one character, so that token edits are text edits."""
        ...

    @property
    def token_texts(self) -> Sequence[str]:
        """The text of each single token, for lists; empty for a stop token."""
        ...

    @property
    def fingerprint(self) -> str:
        """Equal for two tokenizers only if they encode every text to the same tokens."""
        ...

    def length(self, text: str) -> int:
        """Return the number of tokens of `text`, without special ones."""
        ...

    def unwritable(self, texts: Iterable[str]) -> str:
        """Return the characters of `texts` that no token can write, each once, sorted."""
        ...

    def encode(self, text: str) -> list[int]:
        """Return the tokens of `text`, without special ones; raises InputError for other characters."""
        ...

    def render_prompt(self, prompt: str) -> list[int]:
        """Return the tokens before a completion for `prompt`; raises InputError for other characters."""
        ...

    def prompt_text(self, prompt: str) -> str:
        """Return what `render_prompt` makes of `prompt` as text, with what a chat template adds."""
        ...

    def pieces(self, tokens: Sequence[int]) -> list[str]:
        """Return the text that each of `tokens` adds; joined, they are `decode(tokens)`.

        The text of a character belongs to the token that completes it; earlier parts and stop tokens add "".
        """
        ...

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of `tokens`."""
        ...
