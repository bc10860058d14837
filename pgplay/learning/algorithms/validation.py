"""Choices that exclude each other, or of which one does nothing: refused when a plan is made, with the reason.

A setting that does nothing would pass for tried, and a person would believe what its curve seems to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pgplay.config.run_config import RunConfig, fields
from pgplay.config.warm_start import Steps
from pgplay.errors import InputError
from pgplay.learning.algorithms.table import Algorithm, AlgorithmChoices, Kind
from pgplay.learning.schedules.kl_weight import start_weight
from pgplay.policies.families.base import Capability, ModelSpec


class InvalidSetting(NamedTuple):
    """Whether it is there, the setting that is refused, what is wrong, and what would be right."""

    is_there: bool
    field: str
    wrong: str
    right: str


def refuse_contradictions(config: RunConfig, choices: AlgorithmChoices) -> None:
    """Raise InputError for the first contradiction within `config`, whose algorithm's row has become `choices`."""
    for contradiction in _between_choices(config, choices):
        if contradiction.is_there:
            raise InputError(contradiction.wrong, contradiction.right, field=contradiction.field)
    for idle in _idle(config, choices):
        if idle.is_there:
            raise InputError(f"{idle.wrong} does nothing here.", idle.right, field=idle.field)


def refuse_what_the_network_lacks(config: RunConfig, spec: ModelSpec) -> None:
    """Raise InputError for a setting that needs what the model's family does not declare."""
    needed = {
        "dropout": (config.dropout > 0, Capability.DROPOUT),
        "control_variate": (config.control_variate not in (None, "none"), Capability.SMALL_VOCABULARY),
    }
    for name, (is_asked_for, capability) in needed.items():
        if is_asked_for and not spec.can(capability):
            raise InputError(
                f"{name} needs a network that can {capability.value}; {spec.name} cannot.",
                f"Leave {name} out.",
                field=name,
            )


def _between_choices(config: RunConfig, choices: AlgorithmChoices) -> Iterator[InvalidSetting]:
    baseline, scale, credit, ratio, _ = choices
    yield InvalidSetting(
        credit == "gae" and baseline != "critic",
        "credit",
        f"credit gae needs a critic, but the baseline is {baseline}.",
        "Choose baseline critic, or ppo.",
    )
    yield InvalidSetting(
        credit == "dense" and ratio == "gspo",
        "credit",
        "gspo weighs a whole completion, dense credit each token.",
        "Choose credit terminal, or another ratio.",
    )
    yield InvalidSetting(
        baseline in ("leave-one-out", "group-mean") and config.group_size == 1,
        "baseline",
        f"baseline {baseline} compares completions of one prompt, but group_size is 1.",
        "Choose a group_size of at least 2.",
    )
    yield InvalidSetting(
        scale == "group-std" and config.group_size == 1,
        "scale",
        "scale group-std is the deviation among completions of one prompt, but group_size is 1.",
        "Choose a group_size of at least 2, or scale batch-std.",
    )
    yield InvalidSetting(
        ratio == "none" and (config.updates_per_step or 1) > 1,
        "updates_per_step",
        f"updates_per_step {config.updates_per_step} needs an importance ratio: from the second update on, the "
        "completions are another policy's.",
        "Choose a ratio such as clip, or updates_per_step 1.",
    )


def _idle(config: RunConfig, choices: AlgorithmChoices) -> Iterator[InvalidSetting]:
    """Name what was set away from its default and does nothing."""

    def is_set(name: str) -> bool:
        return _is_set(config, name)

    without_ratio, without_critic = choices.ratio == "none", choices.baseline != "critic"
    for name in ("clip_low", "clip_high"):
        yield InvalidSetting(
            is_set(name) and without_ratio, name, f"{name} without a ratio", "Choose a ratio such as clip."
        )
    yield InvalidSetting(
        is_set("critic") and config.critic > 0 and without_critic,
        "critic",
        "critic without a critic",
        "Choose baseline critic.",
    )
    yield InvalidSetting(
        is_set("warm_text") and not isinstance(config.starts_from, Steps),
        "warm_text",
        "warm_text without steps to learn it",
        "Give warm_start a number of steps.",
    )
    yield InvalidSetting(
        config.kl_limit is not None and config.kl == 0.0,
        "kl_limit",
        "kl_limit with kl 0, a weight that stays 0 however near the limit is,",
        "Leave kl away, or give it a weight such as 0.05.",
    )
    yield InvalidSetting(
        config.kl_limit is not None and config.kl_in == "reward",
        "kl_limit",
        "kl_limit with kl_in reward, which charges a sample of the divergence and not the divergence itself,",
        "Choose kl_in loss.",
    )
    yield InvalidSetting(
        config.kl_in == "reward" and start_weight(config.kl, config.kl_limit) > 0 and choices.credit == "dense",
        "kl_in",
        "kl_in reward with credit dense, which is counted in edits and not in rewards,",
        "Choose kl_in loss, or credit terminal.",
    )
    without_gae = choices.credit != "gae"
    yield InvalidSetting(
        is_set("gae_lambda") and without_gae, "gae_lambda", "gae_lambda without gae", "Choose credit gae."
    )
    for name in ("baseline", "scale"):
        yield InvalidSetting(
            is_set(name) and choices.credit == "dense" and getattr(config, name) not in ("critic", "none"),
            name,
            f"{name} with credit dense, which has a baseline and a unit of its own,",
            f"Leave {name} away, or choose credit terminal.",
        )


def inactive_settings(config: RunConfig) -> list[str]:
    """Return notes about what was set and does nothing while another setting, which can change live, is as it is."""
    reasons: dict[str, str] = {}
    if not start_weight(config.kl, config.kl_limit):
        reasons |= {"reference": "kl is 0", "kl_in": "kl is 0"}
    if config.entropy_schedule != "target":
        reasons["entropy_target"] = f"entropy_schedule is {config.entropy_schedule}"
    if config.lr_schedule != "kl":
        reasons["lr_target"] = f"lr_schedule is {config.lr_schedule}"
    if config.entropy == 0.0:
        reasons |= dict.fromkeys(("entropy_target", "entropy_schedule", "recovery"), "entropy is 0")
    return [f"{name} does nothing while {reason}." for name, reason in reasons.items() if _is_set(config, name)]


def _is_set(config: RunConfig, name: str) -> bool:
    return bool(getattr(config, name) != fields()[name].default)


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
            raise InputError(f"{config.algorithm} {because}, so {name} does nothing.", _REMEDY, field=name)
    if config.kl and config.kl_in == "reward":
        raise InputError(
            f"{config.algorithm} learns from the targets alone, so kl_in reward does nothing.",
            "Choose kl_in loss.",
            field="kl_in",
        )


def choices_of(config: RunConfig, row: Algorithm) -> AlgorithmChoices:
    """Return the choices of the algorithm's `row` with the person's own laid over them.

    Raises InputError for choices that exclude each other, and for what does nothing.
    """
    refuse_what_does_nothing(config, row.kind)
    own = {name: getattr(config, name) for name in AlgorithmChoices._fields if getattr(config, name) is not None}
    choices = row.choices._replace(**own)
    refuse_contradictions(config, choices)
    return choices
