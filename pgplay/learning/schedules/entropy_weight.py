"""The weight of the entropy bonus, and the limits of low entropy. No schedule needs a number of steps."""

from __future__ import annotations

COLLAPSED = 0.01
"""Nats per token below which a policy has collapsed; above it completions still differ enough to learn from."""

LOW_ENTROPY = 0.02
"""Nats per token below which a policy hardly explores: of completions with 30 tokens, fewer than one in five differs
from the greedy one."""

MOST_ENTROPY_WEIGHT = 20.0
"""Largest weight, as a multiple of the initial one."""


def entropy_weight(
    schedule: str, start: float, target: float, reward_mean: float, completion_entropy: float, *, solved: bool = False
) -> float:
    """Return the next step's weight from the initial one, `start`, and this step's measurements.

    constant: `start`. reward-gap: proportional to 1 - mean reward, so exploration ends as the text is learned. target:
    `start` while the entropy of a completion (nats) is above the `target`; below it, larger in proportion. Standardised
    advantages grow as completions agree, and a weight that does not grow with them lets the policy become certain of an
    almost right text. It is a proportional controller, which cannot overshoot, unlike an integrating one as in soft
    actor-critic (Haarnoja et al. 2018, arXiv:1812.05905). Once the task is `solved`, no exploration is needed.
    """
    if schedule == "constant":
        return start
    if schedule == "reward-gap" or solved:
        return start * min(1.0, max(0.0, 1 - reward_mean))
    return start * min(MOST_ENTROPY_WEIGHT, max(1.0, target / max(completion_entropy, 1e-9)))
