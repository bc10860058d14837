"""How much arithmetic a network takes: exact counts of floating-point operations, from its ModelSpec alone.

Counted are matrix products, a multiplication and an addition for each product of two numbers, as PaLM's model FLOPs
utilisation does (Chowdhery et al. 2022, arXiv:2204.02311, appendix B) and torch.utils.flop_counter, against which
tests/policies holds these counts. Norms, activations, the softmax and the optimiser are a few percent of that.
"""

from __future__ import annotations

from pgplay.policies.families.base import ModelSpec


def sampling_operations(spec: ModelSpec, vocabulary: int, rows: int, columns: int) -> int:
    """Return the operations of writing `rows` texts of `columns` tokens, token by token."""
    products = spec.family.products(spec.shape, vocabulary)
    # Token number c attends to those before it and to itself.
    pairs = columns * (columns + 1) // 2
    return 2 * (products.once + rows * (columns * products.per_token + pairs * products.per_pair))


def learning_operations(spec: ModelSpec, vocabulary: int, rows: int, columns: int) -> int:
    """Return the operations of one forward and one backward pass over `rows` texts of `columns` tokens.

    Backward takes twice what forward does: the gradient of a product's inputs, and that of its weights. Attention is
    counted over all pairs of tokens, masked ones too, as it is computed for short texts.
    """
    products = spec.family.products(spec.shape, vocabulary)
    forward = products.once + rows * columns * (products.per_token + columns * products.per_pair)
    return 3 * 2 * forward
