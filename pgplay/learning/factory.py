"""From a plan to whatever carries it out."""

from __future__ import annotations

from collections.abc import Mapping

from pgplay.learning.learner import Learner
from pgplay.learning.plan import Plan
from pgplay.learning.search import Search
from pgplay.learning.trainer import Trainer
from pgplay.policies.policy import Policy
from pgplay.rewards.reward import Reward


def make_learner(
    plan: Plan,
    reward: Reward,
    measures: Mapping[str, Reward] | None = None,
    policy: Policy | None = None,
    reference: Policy | None = None,
) -> Learner:
    """Return a trainer, which starts from `policy` where one is given, or for a search one that trains no network."""
    if plan.algorithm.trains_network:
        return Trainer(plan, reward, measures, policy, reference)
    return Search(plan, reward, measures)
