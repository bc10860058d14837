"""One token per character.

Token 0 is the delimiter: it ends a prompt and a completion, as <|endoftext|> does in GPT-2. The policy samples it
to end a completion (the stop token).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from pgplay.errors import InputError

DELIMITER = 0


@lru_cache
def _tokens(alphabet: str) -> dict[str, int]:
    """Return each character's token."""
    return {character: number for number, character in enumerate(alphabet, start=1)}


class CharacterTokenizer(msgspec.Struct, frozen=True):
    """One token per character of `alphabet` (distinct characters, in order); token 0 is the delimiter."""

    alphabet: str

    def __post_init__(self) -> None:
        if len(set(self.alphabet)) != len(self.alphabet):
            raise InputError("alphabet.twice")

    @property
    def vocabulary_size(self) -> int:
        """The number of tokens, including the delimiter."""
        return len(self.alphabet) + 1

    @property
    def stop_ids(self) -> tuple[int, ...]:
        """The delimiter."""
        return (DELIMITER,)

    @property
    def pad_id(self) -> int:
        """The delimiter."""
        return DELIMITER

    @property
    def one_token_per_character(self) -> bool:
        """True."""
        return True

    @property
    def token_texts(self) -> tuple[str, ...]:
        """An empty text for the delimiter, then the characters."""
        return ("", *self.alphabet)

    @property
    def fingerprint(self) -> str:
        """The alphabet."""
        return self.alphabet

    def length(self, text: str) -> int:
        """Return the number of characters."""
        return len(text)

    def unwritable(self, texts: Iterable[str]) -> str:
        """Return the characters of `texts` that are not in the alphabet."""
        return "".join(sorted(set().union(*texts) - set(self.alphabet)))

    def encode(self, text: str) -> list[int]:
        """Return the tokens of `text`, without a delimiter; raises InputError for a character outside the alphabet."""
        index = _tokens(self.alphabet)
        try:
            return [index[character] for character in text]
        except KeyError as error:
            count, start = len(self.alphabet), self.alphabet[:60]
            raise InputError("alphabet.lacks", character=error.args[0], count=count, alphabet=start) from error

    def render_prompt(self, prompt: str) -> list[int]:
        """Return the tokens of `prompt`, ended by the delimiter."""
        return [*self.encode(prompt), DELIMITER]

    def prompt_text(self, prompt: str) -> str:
        """Return `prompt`: the delimiter has no text."""
        return prompt

    def pieces(self, tokens: Sequence[int]) -> list[str]:
        """Return the character of each of `tokens`, empty for the delimiter."""
        texts = self.token_texts
        return [texts[token] for token in tokens]

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of `tokens`."""
        return "".join(self.pieces(tokens))
