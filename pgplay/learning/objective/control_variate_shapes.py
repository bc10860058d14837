"""The shapes of what a control variate keeps, without torch."""

from __future__ import annotations

from pgplay.policies.families.base import Shapes

FEATURES = 48
TOKENS = 24
"""Dimensions to which wider features and larger vocabularies are projected at random: a smaller regression that learns
as fast."""
BLOCK_ROWS = 64
"""Rows of the symmetric matrix stored at one width: about half of it is written, at the speed of a plain copy."""


def state_shapes(width: int, vocabulary: int, *, whole: bool) -> Shapes:
    """Return the shapes of a control variate's state by name, the symmetric matrix `whole` or as its lower half."""
    tokens, features = min(vocabulary, TOKENS), min(width + 1, FEATURES)
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
