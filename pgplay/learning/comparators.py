"""The settings that do nothing for an algorithm that is no policy gradient: refused, lest they pass for tried.

`supervised` learns from the targets alone: nothing that turns rewards into a gradient concerns it. A search trains no
network: nothing about learning or about a network's density does. Model, device and threads are left alone: they say
what a run is compared with, and the plan notes that they do not matter to a search.
"""

from __future__ import annotations

from typing import Literal

from pgplay.config import RunConfig, fields
from pgplay.errors import InputError

Kind = Literal["policy gradient", "cross-entropy", "search"]
"""What moves an algorithm: the gradient of the expected reward, the targets' cross-entropy, or no gradient at all."""

_FROM_REWARD_TO_GRADIENT = (
    *("baseline", "scale", "credit", "ratio", "aggregation", "clip_low", "clip_high", "discount", "gae_lambda"),
    *("control_variate", "critic", "replay", "recovery"),
)
_NETWORK = (
    *("lr", "lr_schedule", "lr_target"),
    *("entropy", "entropy_schedule", "entropy_target", "kl", "kl_limit", "kl_in", "reference", "clip_gradient"),
    *("temperature", "top_k", "top_p", "min_p", "dropout", "l1", "l2", "weight_decay"),
    *("warm_start", "warm_text", "held_out_every", "patience"),
)
_REMEDY = "Leave it at its default, or choose a policy gradient such as grpo."


def refuse_what_does_nothing(config: RunConfig, kind: Kind) -> None:
    """Raise InputError where `config` sets something that does nothing for its algorithm, which is of this `kind`."""
    if kind == "policy gradient":
        return
    reasons = dict.fromkeys(_FROM_REWARD_TO_GRADIENT, "learns from the targets alone")
    reasons["updates_per_step"] = "makes one update a step"
    if kind == "search":
        reasons = dict.fromkeys([*reasons, *_NETWORK], "trains no network")
    for name, because in reasons.items():
        if getattr(config, name) != fields()[name].default:
            raise InputError(f"{config.algorithm} {because}, so {name} does nothing.", _REMEDY)
    if config.kl and config.kl_in == "reward":
        raise InputError(
            f"{config.algorithm} learns from the targets alone, so kl_in reward does nothing.", "Choose kl_in loss."
        )


def no_policy(algorithm: str) -> InputError:
    """Return the refusal to save, or to write with, the policy of a search."""
    return InputError(
        f"{algorithm} trains no network, so there is no policy.", "Choose an algorithm that trains one, such as grpo."
    )
