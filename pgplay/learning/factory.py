"""From a plan to its learner."""

from __future__ import annotations

from collections.abc import Mapping

from pgplay.learning.learner import Learner
from pgplay.learning.plan import Plan
from pgplay.learning.search import Search
from pgplay.learning.trainer import Trainer
from pgplay.policies.policy import Policy
from pgplay.policies.ranks import ALONE, Ranks
from pgplay.rewards.reward import Reward


def make_learner(
    plan: Plan,
    reward: Reward,
    measures: Mapping[str, Reward] | None = None,
    policy: Policy | None = None,
    reference: Policy | None = None,
    ranks: Ranks = ALONE,
) -> Learner:
    """Return the plan's trainer, which starts from `policy` if given, or its search; `ranks` share its steps."""
    if plan.algorithm.trains_network:
        return Trainer(plan, reward, measures, policy, reference, ranks=ranks)
    return Search(plan, reward, measures)
