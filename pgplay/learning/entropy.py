"""How the weight of the entropy bonus moves, without a budget of steps to plan by."""

from __future__ import annotations

import math

from pgplay.config import RunConfig

STEERING_GAIN = 0.05
LOWEST_WEIGHT, HIGHEST_WEIGHT = 1e-4, 10.0


def entropy_weight(config: RunConfig, start: float, present: float, reward_mean: float, entropy: float) -> float:
    """Return the next weight, from the `start` one, the `present` one and what this step saw.

    constant: stays. reward-gap: falls with 1 - mean reward, so that exploring ends as the text is learnt and comes back
    if it is lost. target: grows while the entropy (nats a token) is below its target and shrinks while it is above, as
    in soft actor-critic (Haarnoja et al. 2018, arXiv:1812.05905).
    """
    if config.entropy_schedule == "constant":
        return start
    if config.entropy_schedule == "reward-gap":
        return start * min(1.0, max(0.0, 1 - reward_mean))
    moved = max(present, LOWEST_WEIGHT) * math.exp(STEERING_GAIN * (config.entropy_target - entropy))
    return min(max(moved, LOWEST_WEIGHT), HIGHEST_WEIGHT)
