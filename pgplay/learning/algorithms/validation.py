"""Refuses settings that exclude each other or have no effect.

A setting without effect would look tested, and its curve would mislead.
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
    """A rule: whether the config breaks it, the refused setting, the problem and a remedy."""

    applies: bool
    field: str
    problem: str
    remedy: str


def refuse_contradictions(config: RunConfig, choices: AlgorithmChoices) -> None:
    """Raise InputError for the first contradiction in `config`, whose algorithm has these `choices`."""
    for contradiction in _between_choices(config, choices):
        if contradiction.applies:
            raise InputError(contradiction.problem, contradiction.remedy, field=contradiction.field)
    for unused in _without_effect(config, choices):
        if unused.applies:
            raise InputError(f"{unused.problem} has no effect.", unused.remedy, field=unused.field)


def refuse_unsupported_settings(config: RunConfig, spec: ModelSpec) -> None:
    """Raise InputError for a setting that needs a capability that the model's family does not declare."""
    needed = {
        "dropout": (config.dropout > 0, Capability.DROPOUT),
        "control_variate": (config.control_variate not in (None, "none"), Capability.SMALL_VOCABULARY),
        **{name: (_is_set(config, name), Capability.ADAPTER) for name in ("lora_rank", "lora_alpha", "lora_targets")},
    }
    for name, (is_used, capability) in needed.items():
        if is_used and not spec.can(capability):
            raise InputError(
                f"{name} needs a network that can {capability.value}; {spec.name} cannot.",
                f"Remove {name}.",
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
        "gspo weighs whole completions, but dense credit is per token.",
        "Choose credit terminal, or another ratio.",
    )
    yield InvalidSetting(
        baseline in ("leave-one-out", "group-mean") and config.group_size == 1,
        "baseline",
        f"baseline {baseline} needs several completions per prompt, but group_size is 1.",
        "Choose a group_size of at least 2.",
    )
    yield InvalidSetting(
        scale == "group-std" and config.group_size == 1,
        "scale",
        "scale group-std needs several completions per prompt, but group_size is 1.",
        "Choose a group_size of at least 2, or scale batch-std.",
    )
    yield InvalidSetting(
        ratio == "none" and (config.updates_per_step or 1) > 1,
        "updates_per_step",
        f"updates_per_step {config.updates_per_step} needs an importance ratio: after the first update the policy is "
        "no longer the one that wrote the completions.",
        "Choose a ratio such as clip, or updates_per_step 1.",
    )


def _without_effect(config: RunConfig, choices: AlgorithmChoices) -> Iterator[InvalidSetting]:
    """Yield the settings that have no effect here."""

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
        "warm_text without warm_start steps",
        "Give warm_start a number of steps.",
    )
    yield InvalidSetting(
        config.kl_limit is not None and config.kl == 0.0,
        "kl_limit",
        "kl_limit with kl 0 (the weight stays 0 near the limit)",
        "Remove kl, or set a weight such as 0.05.",
    )
    yield InvalidSetting(
        config.kl_limit is not None and config.kl_in == "reward",
        "kl_limit",
        "kl_limit with kl_in reward (it uses a sample of the KL, not the exact KL)",
        "Choose kl_in loss.",
    )
    yield InvalidSetting(
        config.kl_in == "reward" and start_weight(config.kl, config.kl_limit) > 0 and choices.credit == "dense",
        "kl_in",
        "kl_in reward with credit dense (it counts edits, not rewards)",
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
            f"{name} with credit dense (it has its own baseline and unit)",
            f"Remove {name}, or choose credit terminal.",
        )


def inactive_settings(config: RunConfig) -> list[str]:
    """Return a note for each setting that has no effect until another one, which can change live, is changed."""
    reasons: dict[str, str] = {}
    if not start_weight(config.kl, config.kl_limit):
        reasons |= {"reference": "kl is 0", "kl_in": "kl is 0"}
    if config.entropy_schedule != "target":
        reasons["entropy_target"] = f"entropy_schedule is {config.entropy_schedule}"
    if config.lr_schedule != "kl":
        reasons["lr_target"] = f"lr_schedule is {config.lr_schedule}"
    if config.entropy == 0.0:
        reasons |= dict.fromkeys(("entropy_target", "entropy_schedule", "recovery"), "entropy is 0")
    return [f"{name} has no effect while {reason}." for name, reason in reasons.items() if _is_set(config, name)]


def _is_set(config: RunConfig, name: str) -> bool:
    return bool(getattr(config, name) != fields()[name].default)


_FROM_REWARD_TO_GRADIENT = (
    *("baseline", "scale", "credit", "ratio", "aggregation", "clip_low", "clip_high", "discount", "gae_lambda"),
    *("control_variate", "critic", "replay", "recovery"),
)

_NETWORK = (
    *("lr", "optimizer", "lr_schedule", "lr_target"),
    *("entropy", "entropy_schedule", "entropy_target", "kl", "kl_limit", "kl_in", "reference", "clip_gradient"),
    *("temperature", "top_k", "top_p", "min_p", "dropout", "l1", "l2", "weight_decay"),
    *("warm_start", "warm_text", "held_out_every", "patience"),
)
_REMEDY = "Leave it at its default, or choose a policy gradient such as grpo."


def refuse_settings_without_effect(config: RunConfig, kind: Kind) -> None:
    """Raise InputError if `config` has a setting without effect for its algorithm's `kind`."""
    if kind == "policy gradient":
        return
    reasons = dict.fromkeys(_FROM_REWARD_TO_GRADIENT, "learns only from the targets")
    reasons["updates_per_step"] = "makes one update per step"
    if kind == "search":
        reasons = dict.fromkeys([*reasons, *_NETWORK], "trains no network")
    for name, because in reasons.items():
        if getattr(config, name) != fields()[name].default:
            raise InputError(f"{config.algorithm} {because}, so {name} has no effect.", _REMEDY, field=name)
    if config.kl and config.kl_in == "reward":
        raise InputError(
            f"{config.algorithm} learns only from the targets, so kl_in reward has no effect.",
            "Choose kl_in loss.",
            field="kl_in",
        )


def choices_of(config: RunConfig, row: Algorithm) -> AlgorithmChoices:
    """Return the choices of the algorithm's `row`, overridden by the settings of `config`.

    Raises InputError for contradicting choices and for settings without effect.
    """
    refuse_settings_without_effect(config, row.kind)
    settings = {name: getattr(config, name) for name in AlgorithmChoices._fields}
    choices = row.choices._replace(**{name: value for name, value in settings.items() if value is not None})
    refuse_contradictions(config, choices)
    return choices
