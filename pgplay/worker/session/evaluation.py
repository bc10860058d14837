"""Measurements of a policy on a list of prompts, and of a whole policy."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pgplay.tasks.task import Pair

if TYPE_CHECKING:
    from pgplay.policies.density import Density
    from pgplay.policies.policy import Policy
    from pgplay.rewards.reward import Reward

Item = TypeVar("Item")

_AT_ONCE = 256
"""Prompts per batch; bounds memory."""
_SAMPLES = 256
"""Completions to average a reward over, if there are fewer prompts."""


class Greedy(NamedTuple):
    """A greedy completion with its reward."""

    prompt: str
    text: str
    target: str
    reward: float
    exact: bool

    def to_json(self) -> dict[str, str | float]:
        """Return the fields that `pgplay train --json` prints."""
        return {"prompt": self.prompt, "text": self.text, "target": self.target, "reward": self.reward}


class PolicyMeasurement(NamedTuple):
    """A policy on some prompts: its share of exact greedy completions, the mean reward of sampled ones, and the nats.

    `cross_entropy` is that of the targets, per token; without targets it and `exact_match` are None.
    """

    prompts: int
    exact_match: float | None
    reward_mean: float
    cross_entropy: float | None


def measure_policy(policy: Policy, density: Density, reward: Reward, pairs: Sequence[Pair]) -> PolicyMeasurement:
    """Return what the `policy`, sampled by `density`, reaches on `pairs`; raises RewardError."""
    from pgplay.learning.evaluation.greedy import greedy_texts

    greedy = score_greedy(greedy_texts(policy, pairs), reward, pairs)
    return PolicyMeasurement(
        prompts=len(pairs),
        exact_match=exact_match(greedy, pairs),
        reward_mean=mean_reward(policy, reward, pairs, density, seed=0),
        cross_entropy=cross_entropy(policy, pairs),
    )


def score_greedy(texts: Sequence[str], reward: Reward, pairs: Sequence[Pair]) -> list[Greedy]:
    """Return the greedy completions `texts` of `pairs` with their rewards; raises RewardError."""
    values = [
        value
        for batch, batch_pairs in zip(_parts(texts), _parts(pairs), strict=True)
        for value in _score(reward, batch, batch_pairs)
    ]
    return [
        Greedy(pair.prompt, text, pair.nearest(text), value, pair.matches(text))
        for pair, text, value in zip(pairs, texts, values, strict=True)
    ]


def exact_match(greedy: Sequence[Greedy], pairs: Sequence[Pair]) -> float | None:
    """Return the share of `greedy`, written for `pairs`, that is exact; None without a target."""
    return sum(completion.exact for completion in greedy) / len(greedy) if pairs[0].target else None


def cross_entropy(policy: Policy | None, pairs: Sequence[Pair]) -> float | None:
    """Return the mean cross-entropy of the targets, in nats per token; None without a policy or a target."""
    from pgplay.learning.evaluation.held_out import mean_cross_entropy

    return mean_cross_entropy(policy, pairs) if policy is not None and pairs[0].target else None


def mean_reward(policy: Policy, reward: Reward, pairs: Sequence[Pair], density: Density, seed: int) -> float:
    """Return the mean reward of completions sampled by `density`, equally many per prompt; raises RewardError."""
    from pgplay.worker.session.saved_policies import write_texts

    repeats = max(1, _SAMPLES // len(pairs))
    repeated = [pair for pair in pairs for _ in range(repeats)]
    values: list[float] = []
    for number, part in enumerate(_parts(repeated)):
        prompts = [pair.prompt for pair in part]
        completions = write_texts(policy, prompts, density, seed=seed + number)
        values += _score(reward, [completion.text for completion in completions], part)
    return statistics.fmean(values)


def _parts(items: Sequence[Item]) -> list[Sequence[Item]]:
    return [items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE)]


def _score(reward: Reward, texts: Sequence[str], pairs: Sequence[Pair]) -> list[float]:
    return list(reward.score_pairs(texts, pairs).values)
