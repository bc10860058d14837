"""How the learning rate moves, so that an update changes the policy by as much at any time of a run."""

from __future__ import annotations

TOLERANCE = 1.5
"""The divergence may be so many times larger or smaller than its target before the rate answers."""
FACTOR = 1.2
"""By so much the rate answers, in one step."""
MOST = 4.0
"""How many times larger or smaller than its first value the rate may become."""


def next_lr(schedule: str, lr: float, start: float, target: float, divergence: float | None) -> float:
    """Return the next step's learning rate from this one's, the `start` one, and what an update of this step made.

    divergence: exact KL(before || after) of the step's first update, nats a token; None where no update was made.
    constant: stays. kl: falls where the divergence is above the `target`, rises where it is below: the rule by which
    PPO adapts its penalty (Schulman et al. 2017, arXiv:1707.06347, section 4), put on the learning rate, as rsl_rl does
    (Rudin et al. 2022, arXiv:2109.11978). What is changed is the size of a step, never where it points.
    """
    if schedule == "constant" or divergence is None:
        return lr
    if divergence > target * TOLERANCE:
        lr /= FACTOR
    elif divergence < target / TOLERANCE:
        lr *= FACTOR
    return min(start * MOST, max(start / MOST, lr))
