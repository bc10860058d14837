"""Text to tokens and back: today one character is one token.

Token 0 is the delimiter: it ends a prompt and it ends a completion, as <|endoftext|> does in GPT-2. As the end of a
completion it is an action that the policy takes (the stop token).
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from pgplay.errors import InputError

DELIMITER = 0


@lru_cache
def _tokens(alphabet: str) -> dict[str, int]:
    """Return each character's token."""
    return {character: number for number, character in enumerate(alphabet, start=1)}


class CharacterTokenizer(msgspec.Struct, frozen=True):
    """One token a character of `alphabet` (distinct characters, in order); token 0 is the delimiter."""

    alphabet: str

    def __post_init__(self) -> None:
        if len(set(self.alphabet)) != len(self.alphabet):
            raise InputError("The alphabet names a character twice.", "Name each character once.")

    @property
    def vocabulary_size(self) -> int:
        """The number of tokens, the delimiter counted in."""
        return len(self.alphabet) + 1

    def encode(self, text: str) -> list[int]:
        """Return the tokens of `text`, without a delimiter; raises InputError for a character outside the alphabet."""
        index = _tokens(self.alphabet)
        try:
            return [index[character] for character in text]
        except KeyError as error:
            raise InputError(
                f"The character {error.args[0]!r} is not in the policy's alphabet.",
                f"It knows {len(self.alphabet)} characters: {self.alphabet[:60]!r}.",
            ) from error

    def pieces(self, tokens: list[int]) -> list[str]:
        """Return the text of each of `tokens` up to the first delimiter."""
        end = tokens.index(DELIMITER) if DELIMITER in tokens else len(tokens)
        return [self.alphabet[token - 1] for token in tokens[:end]]

    def decode(self, tokens: list[int]) -> str:
        """Return the text of `tokens` up to the first delimiter."""
        return "".join(self.pieces(tokens))
