"""Entropy: how low is too low, and how the weight of its bonus moves, without a budget of steps to plan by."""

from __future__ import annotations

COLLAPSED = 0.01
"""Nats per token below which a policy is collapsed: above it completions differ soon enough for rewards and the entropy
bonus to do the rest."""

LOW = 0.02
"""Nats per token below which a policy hardly explores: at 30 tokens, fewer than one completion in five differs from the
likeliest by anything."""

MOST = 20.0
"""How many times its first value the weight may become."""


def entropy_weight(
    schedule: str, start: float, target: float, reward_mean: float, completion_entropy: float, *, solved: bool = False
) -> float:
    """Return the next step's weight from the `start` one and what this step saw.

    constant: stays. reward-gap: falls with 1 - mean reward, so that exploring ends as the text is learnt. target: is
    `start` while the entropy of a whole completion (nats) is above the `target`, and grows in proportion as it
    falls below. Advantages in units of a group's deviation grow as completions agree; a weight that does not grow with
    them lets the policy become certain of a text that is almost right. A proportional controller, and not one that
    accumulates as in soft actor-critic (Haarnoja et al. 2018, arXiv:1812.05905): it can't overshoot. Once the task is
    `solved` there is nothing left to look for, and what is written may become as certain as what is greedy.
    """
    if schedule == "constant":
        return start
    if schedule == "reward-gap" or solved:
        return start * min(1.0, max(0.0, 1 - reward_mean))
    return start * min(MOST, max(1.0, target / max(completion_entropy, 1e-9)))
