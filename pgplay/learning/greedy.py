"""What a policy writes when it always takes the likeliest token."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from pgplay.policies.density import Density
from pgplay.policies.policy import Policy
from pgplay.tasks.task import Pair

ROWS_AT_ONCE = 512
"""Greedy completions written together, where a task has many prompts."""


def greedy_matches(policy: Policy, pairs: Sequence[Pair], rows: int = ROWS_AT_ONCE) -> int:
    """Return how many of `pairs` the policy's greedy completions write exactly, `rows` at a time."""
    texts = greedy_texts(policy, pairs, rows)
    return sum(text == pair.target for text, pair in zip(texts, pairs, strict=True))


def greedy_texts(policy: Policy, pairs: Sequence[Pair], rows: int = ROWS_AT_ONCE) -> list[str]:
    """Return the policy's greedy completion for the prompt of each of `pairs`, written `rows` at a time."""
    generator = torch.Generator(policy.device)
    texts: list[str] = []
    for start in range(0, len(pairs), rows):
        prompts = [pair.prompt for pair in pairs[start : start + rows]]
        texts += [completion.text for completion in policy.write(prompts, Density(), generator, greedy=True)]
    return texts
