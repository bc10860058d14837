"""Exact counts of a network's floating-point operations, from its ModelSpec.

They include matrix products, a multiplication and an addition for each product of two numbers, as PaLM's model FLOPs
utilisation does (Chowdhery et al. 2022, arXiv:2204.02311, appendix B) and torch.utils.flop_counter, with which
tests/policies compares them. Norms, activations, the softmax and the optimiser add a few percent.
"""

from __future__ import annotations

from pgplay.policies.families.base import ModelSpec


def sampling_operations(spec: ModelSpec, vocabulary: int, rows: int, columns: int) -> int:
    """Return the operations of sampling `rows` texts of `columns` tokens."""
    products = spec.family.products(spec.shape, vocabulary)
    # Token number c attends to those before it and to itself.
    pairs = columns * (columns + 1) // 2
    return 2 * (products.once + rows * (columns * products.per_token + pairs * products.per_pair))


def learning_operations(spec: ModelSpec, vocabulary: int, rows: int, columns: int) -> int:
    """Return the operations of one forward and one backward pass over `rows` texts of `columns` tokens.

    The backward pass takes twice as many: gradients of a product's inputs and of its weights. Attention counts all
    pairs of tokens, including masked ones, as they are computed for short texts.
    """
    products = spec.family.products(spec.shape, vocabulary)
    forward = products.once + rows * columns * (products.per_token + columns * products.per_pair)
    return 3 * 2 * forward
