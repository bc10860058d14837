"""Greedy completions: the most likely token at every position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from pgplay.policies.density import Density
from pgplay.policies.policy import Policy
from pgplay.tasks.task import Pair

ROWS_AT_ONCE = 256
"""Greedy completions per batch."""


def greedy_texts(policy: Policy, pairs: Sequence[Pair], rows: int = ROWS_AT_ONCE) -> list[str]:
    """Return the policy's greedy completion for the prompt of each of `pairs`, in batches of `rows`."""
    generator = torch.Generator(policy.device)
    texts: list[str] = []
    for part in in_batches(pairs, rows):
        written = policy.write([pair.prompt for pair in part], Density(), generator, greedy=True)
        texts += [completion.text for completion in written]
    return texts


def all_exact(policy: Policy, pairs: Sequence[Pair], rows: int = ROWS_AT_ONCE) -> bool:
    """Return whether the greedy completion of each of `pairs` is exactly right; stops at the first wrong batch."""
    return all(
        pair.matches(text)
        for part in in_batches(pairs, rows)
        for text, pair in zip(greedy_texts(policy, part, rows), part, strict=True)
    )


def in_batches(pairs: Sequence[Pair], rows: int = ROWS_AT_ONCE) -> Iterator[Sequence[Pair]]:
    """Return `pairs` in batches of `rows`, which bounds the memory for many or long prompts."""
    return (pairs[start : start + rows] for start in range(0, len(pairs), rows))
