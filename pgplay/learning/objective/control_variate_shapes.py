"""The shapes of what a control variate keeps, without torch."""

from __future__ import annotations

from collections.abc import Sequence

from pgplay.policies.families.base import Shapes
from pgplay.tokenizers.base import Tokenizer

FEATURES = 48
TOKENS = 24
"""Dimensions to which wider features and larger vocabularies are projected at random: a smaller regression that learns
as fast."""
COUNTED_CHARACTERS = 64
"""Dimensions of tokens that are described by their texts: the commonest characters, and whether there is no text. Such
a q is the same after every prefix, so that a few dozen completions fit it."""
BLOCK_ROWS = 64
"""Rows of the symmetric matrix stored at one width: about half of it is written, at the speed of a plain copy."""


def describing_texts(tokenizer: Tokenizer) -> Sequence[str]:
    """Return the text of each token if tokens are described by their texts; else none."""
    return () if tokenizer.one_token_per_character else tokenizer.token_texts


def state_shapes(width: int, vocabulary: int, *, whole: bool, of_texts: bool = False) -> Shapes:
    """Return the shapes of a control variate's state by name, the symmetric matrix `whole` or as its lower half.

    `of_texts`: whether tokens are described by their texts.
    """
    tokens, features = (COUNTED_CHARACTERS, 1) if of_texts else (min(vocabulary, TOKENS), min(width + 1, FEATURES))
    size = tokens * features
    squares = (size, size) if whole else (lower_half_size(size),)
    return {
        "weights": (tokens, features),
        "products": (size,),
        "spread": (2,),
        "agreement": (2, 2),
        "squares": squares,
    }


def lower_half_size(size: int) -> int:
    """Return the size of the lower half of a symmetric matrix (size, size), in blocks of `BLOCK_ROWS` rows."""
    return sum(min(BLOCK_ROWS, size - start) * min(start + BLOCK_ROWS, size) for start in range(0, size, BLOCK_ROWS))
