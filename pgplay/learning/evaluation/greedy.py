"""What a policy writes when it always takes the likeliest token."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from pgplay.policies.density import Density
from pgplay.policies.policy import Policy
from pgplay.tasks.task import Pair

ROWS_AT_ONCE = 256
"""Greedy completions written together, where a task has many prompts."""


def greedy_texts(policy: Policy, pairs: Sequence[Pair], rows: int = ROWS_AT_ONCE) -> list[str]:
    """Return the policy's greedy completion for the prompt of each of `pairs`, written `rows` at a time."""
    generator = torch.Generator(policy.device)
    texts: list[str] = []
    for part in in_parts(pairs, rows):
        written = policy.write([pair.prompt for pair in part], Density(), generator, greedy=True)
        texts += [completion.text for completion in written]
    return texts


def all_met(policy: Policy, pairs: Sequence[Pair], rows: int = ROWS_AT_ONCE) -> bool:
    """Return whether the greedy completions write each of `pairs` exactly; the first part that fails ends the look."""
    return all(
        pair.matches(text)
        for part in in_parts(pairs, rows)
        for text, pair in zip(greedy_texts(policy, part, rows), part, strict=True)
    )


def in_parts(pairs: Sequence[Pair], rows: int = ROWS_AT_ONCE) -> Iterator[Sequence[Pair]]:
    """Return `pairs` in parts of `rows`, which bounds the memory that many or long prompts take."""
    return (pairs[start : start + rows] for start in range(0, len(pairs), rows))
