"""The learning rate; lr_schedule kl keeps the policy's change per update constant."""

from __future__ import annotations

DIVERGENCE_TOLERANCE = 1.5
"""Factor by which the divergence may differ from its target before the rate changes."""
FACTOR = 1.2
"""Factor by which the rate changes in one step."""
MOST_LR_FACTOR = 4.0
"""Largest factor between the rate and its initial value, in either direction."""


def next_lr(schedule: str, lr: float, start: float, target: float, divergence: float | None) -> float:
    """Return the next step's learning rate from this step's `lr`, the initial one, `start`, and this step's divergence.

    divergence: exact KL(before || after) of the step's first update, nats per token; None without an update. constant:
    `lr`. kl: lower if the divergence is above the `target`, higher if below: PPO's rule for its adaptive penalty
    (Schulman et al. 2017, arXiv:1707.06347, section 4), applied to the learning rate as in rsl_rl (Rudin et al. 2022,
    arXiv:2109.11978). It changes the size of an update, not its direction.
    """
    if schedule == "constant" or divergence is None:
        return lr
    if divergence > target * DIVERGENCE_TOLERANCE:
        lr /= FACTOR
    elif divergence < target / DIVERGENCE_TOLERANCE:
        lr *= FACTOR
    return min(start * MOST_LR_FACTOR, max(start / MOST_LR_FACTOR, lr))
