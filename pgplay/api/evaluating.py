"""Measuring texts by a reward, and a saved policy by its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pgplay.api.description import RewardLike, as_spec
from pgplay.library.policies import read_policy
from pgplay.rewards.reward import build_reward
from pgplay.runs.stored_rewards import policy_reward
from pgplay.worker.session.evaluation import PolicyMeasurement, measure_policy
from pgplay.worker.session.saved_policies import load_saved_policy


class Evaluation(NamedTuple):
    """What a policy reaches on its training prompts and on its held-out prompts (None: it has none)."""

    training: PolicyMeasurement
    held_out: PolicyMeasurement | None


def evaluate(policy: str, *, reward: RewardLike | None = None, device: str = "auto") -> Evaluation:
    """Return the exact match, mean reward and cross-entropy of the saved policy called `policy`.

    `reward` replaces the one that it was trained on. Raises InputError for an unknown name, and for a policy's Python
    reward that came with it and was not allowed before; RewardError if the reward fails.
    """
    card = read_policy(policy)
    spec = policy_reward(card) if reward is None else as_spec(reward)
    with build_reward(spec) as built:
        saved = load_saved_policy(policy, device)
        training, held_out = (
            measure_policy(saved.policy, saved.density, built, pairs) if pairs else None
            for pairs in (card.task.training, card.task.held_out)
        )
    assert training is not None, "every task has a training prompt"
    return Evaluation(training, held_out)


def score(texts: Sequence[str], reward: RewardLike, target: str | None = None, *, prompt: str = "") -> list[float]:
    """Return the `reward` of each of `texts`, written for `prompt`, compared with the `target` where it has one.

    Raises InputError for a reward that needs a target and gets none, RewardError if it fails.
    """
    with build_reward(as_spec(reward)) as built:
        return list(built.score_alike(texts, target, prompt).values)
