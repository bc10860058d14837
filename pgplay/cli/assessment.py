"""How good a policy is on a list of prompts: the same measurements for `pgplay train` and `pgplay eval`."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pgplay.tasks.task import Pair

if TYPE_CHECKING:
    from pgplay.policies.policy import Policy
    from pgplay.rewards.scoring import Reward

Item = TypeVar("Item")

_AT_ONCE = 256
"""Prompts read or written at once; bounds the memory that a task of many prompts takes."""
_SAMPLES = 256
"""Completions that a mean reward is taken over, where there are fewer prompts than that."""


class Greedy(NamedTuple):
    """What a policy would write if it had to be right now."""

    prompt: str
    text: str
    target: str
    reward: float


def judge(texts: Sequence[str], reward: Reward, pairs: Sequence[Pair]) -> list[Greedy]:
    """Return the greedy completions `texts` of `pairs` with their rewards; raises RewardError."""
    values = [
        value for own, part in zip(_parts(texts), _parts(pairs), strict=True) for value in _score(reward, own, part)
    ]
    return [
        Greedy(pair.prompt, text, pair.target, value) for pair, text, value in zip(pairs, texts, values, strict=True)
    ]


def is_solved(greedy: Sequence[Greedy]) -> bool:
    """Return whether every greedy completion is exactly its target."""
    return all(one.text == one.target for one in greedy)


def mean_cross_entropy(policy: Policy, pairs: Sequence[Pair]) -> float:
    """Return the mean cross-entropy of the targets under the policy, in nats per character, stop token counted in."""
    return statistics.fmean(value for part in _parts(pairs) for value in policy.cross_entropy(part))


def mean_reward(policy: Policy, reward: Reward, pairs: Sequence[Pair], temperature: float, seed: int) -> float:
    """Return the mean reward of sampled completions, every prompt the same number of times; raises RewardError."""
    from pgplay.worker.saved_policies import write_texts

    repeats = max(1, _SAMPLES // len(pairs))
    repeated = [pair for pair in pairs for _ in range(repeats)]
    values: list[float] = []
    for number, part in enumerate(_parts(repeated)):
        prompts = [pair.prompt for pair in part]
        completions = write_texts(policy, prompts, temperature=temperature, seed=seed + number)
        values += _score(reward, [one.text for one in completions], part)
    return statistics.fmean(values)


def _parts(items: Sequence[Item]) -> list[Sequence[Item]]:
    return [items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE)]


def _score(reward: Reward, texts: Sequence[str], pairs: Sequence[Pair]) -> list[float]:
    return list(reward.score(texts, [pair.target for pair in pairs], [pair.prompt for pair in pairs]).values)
