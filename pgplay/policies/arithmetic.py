"""How much arithmetic a network takes: exact counts of floating-point operations, from its ModelSpec alone.

Counted are matrix products, a multiplication and an addition for each product of two numbers, as PaLM's model FLOPs
utilisation does (Chowdhery et al. 2022, arXiv:2204.02311, appendix B) and torch.utils.flop_counter, against which
tests/policies holds these counts. Norms, activations, the softmax and the optimiser are a few percent of that.
"""

from __future__ import annotations

from pgplay.policies.catalogue import ModelSpec


def sampling_operations(spec: ModelSpec, vocabulary: int, rows: int, columns: int) -> int:
    """Return the operations of writing `rows` texts of `columns` tokens, token by token."""
    # Token number c attends to those before it and to itself.
    seen = columns * (columns + 1) // 2
    return 2 * (_once(spec, vocabulary) + rows * (columns * _each_token(spec, vocabulary) + seen * _each_pair(spec)))


def learning_operations(spec: ModelSpec, vocabulary: int, rows: int, columns: int) -> int:
    """Return the operations of one forward and one backward pass over `rows` texts of `columns` tokens.

    Backward takes twice what forward does: the gradient of a product's inputs, and that of its weights. Attention is
    counted over all pairs of tokens, masked ones too, as it is computed for short texts.
    """
    forward = _once(spec, vocabulary) + rows * columns * (_each_token(spec, vocabulary) + columns * _each_pair(spec))
    return 3 * 2 * forward


def _once(spec: ModelSpec, vocabulary: int) -> int:
    """Return the products of a whole pass: the gru's first layer is computed for each token of the vocabulary."""
    return vocabulary * 3 * spec.width * spec.width if spec.family == "gru" else 0


def _each_token(spec: ModelSpec, vocabulary: int) -> int:
    head = spec.width * vocabulary
    if spec.family == "gru":
        recurrences, inputs = spec.layers, spec.layers - 1
        return head + (recurrences + inputs) * 3 * spec.width * spec.width
    return head + spec.layers * (4 * spec.width * spec.width + 3 * spec.width * spec.feed_forward)


def _each_pair(spec: ModelSpec) -> int:
    """Return the products of one token's attention to another: a score, and its share of the values."""
    return 2 * spec.layers * spec.width if spec.family == "transformer" else 0
