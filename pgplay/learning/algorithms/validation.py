"""Refuses settings that exclude each other or have no effect.

A setting without effect would look tested, and its curve would mislead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pgplay.config.run_config import RunConfig, fields
from pgplay.config.warm_start import Steps
from pgplay.errors import InputError, coded
from pgplay.learning.algorithms.table import Algorithm, AlgorithmChoices, Kind
from pgplay.learning.schedules.kl_weight import start_weight
from pgplay.locale.catalog import Coded
from pgplay.policies.families.base import Capability, ModelSpec

SETTINGS_OF_PRETRAINED = {
    **dict.fromkeys(("lora_rank", "lora_alpha", "lora_targets"), Capability.ADAPTER),
    **dict.fromkeys(("template", "system"), Capability.CHAT),
}
"""The settings that only a pretrained model has a use for, each with what its family must be capable of."""


class InvalidSetting(NamedTuple):
    """A rule: whether the config breaks it, the refused setting, and the code of the error with its values."""

    applies: bool
    field: str
    code: str
    values: Mapping[str, Any] = {}


def refuse_contradictions(config: RunConfig, choices: AlgorithmChoices) -> None:
    """Raise InputError for the first contradiction in `config`, whose algorithm has these `choices`."""
    for rule in (*_between_choices(config, choices), *_without_effect(config, choices)):
        if rule.applies:
            raise InputError(rule.code, field=rule.field, **rule.values)


def refuse_unsupported_settings(config: RunConfig, spec: ModelSpec) -> None:
    """Raise InputError for a setting that needs a capability that the model's family does not declare."""
    needed = {
        "dropout": (config.dropout > 0, Capability.DROPOUT),
        "control_variate": (config.control_variate not in (None, "none"), Capability.WEIGHED_TOKENS),
        **{name: (_is_set(config, name), capability) for name, capability in SETTINGS_OF_PRETRAINED.items()},
    }
    for name, (is_used, capability) in needed.items():
        if is_used and not spec.can(capability):
            raise InputError(
                "setting.unsupported", field=name, name=name, capability=capability.value, model=spec.name
            )


def _between_choices(config: RunConfig, choices: AlgorithmChoices) -> Iterator[InvalidSetting]:
    baseline, scale, credit, ratio, _ = choices
    yield InvalidSetting(
        credit == "gae" and baseline != "critic",
        "credit",
        "setting.gae_without_critic",
        {"baseline": baseline},
    )
    yield InvalidSetting(
        credit == "dense" and ratio == "gspo",
        "credit",
        "setting.gspo_with_dense",
    )
    yield InvalidSetting(
        baseline in ("leave-one-out", "group-mean") and config.group_size == 1,
        "baseline",
        "setting.baseline_of_one",
        {"baseline": baseline},
    )
    yield InvalidSetting(
        scale == "group-std" and config.group_size == 1,
        "scale",
        "setting.scale_of_one",
    )
    yield InvalidSetting(
        ratio == "none" and (config.updates_per_step or 1) > 1,
        "updates_per_step",
        "setting.updates_without_ratio",
        {"updates": config.updates_per_step},
    )


def _without_effect(config: RunConfig, choices: AlgorithmChoices) -> Iterator[InvalidSetting]:
    """Yield the settings that have no effect here."""

    def is_set(name: str) -> bool:
        return _is_set(config, name)

    yield InvalidSetting(is_set("system") and config.template == "raw", "system", "unused.system_raw")
    without_ratio, without_critic = choices.ratio == "none", choices.baseline != "critic"
    for name in ("clip_low", "clip_high"):
        yield InvalidSetting(is_set(name) and without_ratio, name, "unused.without_ratio", {"name": name})
    yield InvalidSetting(
        is_set("critic") and config.critic > 0 and without_critic,
        "critic",
        "unused.without_critic",
    )
    yield InvalidSetting(
        is_set("warm_text") and not isinstance(config.starts_from, Steps),
        "warm_text",
        "unused.warm_text",
    )
    yield InvalidSetting(
        config.kl_limit is not None and config.kl == 0.0,
        "kl_limit",
        "unused.kl_limit_without_kl",
    )
    yield InvalidSetting(
        config.kl_limit is not None and config.kl_in == "reward",
        "kl_limit",
        "unused.kl_limit_in_reward",
    )
    yield InvalidSetting(
        config.kl_in == "reward" and start_weight(config.kl, config.kl_limit) > 0 and choices.credit == "dense",
        "kl_in",
        "unused.kl_in_reward_with_dense",
    )
    without_gae = choices.credit != "gae"
    yield InvalidSetting(is_set("gae_lambda") and without_gae, "gae_lambda", "unused.without_gae")
    for name in ("baseline", "scale"):
        yield InvalidSetting(
            is_set(name) and choices.credit == "dense" and getattr(config, name) not in ("critic", "none"),
            name,
            "unused.with_dense",
            {"name": name},
        )


def inactive_settings(config: RunConfig) -> list[Coded]:
    """Return a note for each setting that has no effect until another one, which can change live, is changed."""
    causes: dict[str, tuple[str, str | int]] = {}
    if not start_weight(config.kl, config.kl_limit):
        causes |= dict.fromkeys(("reference", "kl_in"), ("kl", 0))
    if config.entropy_schedule != "target":
        causes["entropy_target"] = "entropy_schedule", config.entropy_schedule
    if config.lr_schedule != "kl":
        causes["lr_target"] = "lr_schedule", config.lr_schedule
    if config.entropy == 0.0:
        causes |= dict.fromkeys(("entropy_target", "entropy_schedule", "recovery"), ("entropy", 0))
    return [
        coded("note.inactive", name=name, cause=cause, value=value)
        for name, (cause, value) in causes.items()
        if _is_set(config, name)
    ]


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
    *SETTINGS_OF_PRETRAINED,
)


def refuse_settings_without_effect(config: RunConfig, kind: Kind) -> None:
    """Raise InputError if `config` has a setting without effect for its algorithm's `kind`."""
    if kind == "policy gradient":
        return
    codes = dict.fromkeys(_FROM_REWARD_TO_GRADIENT, "unused.by_targets")
    codes["updates_per_step"] = "unused.by_one_update"
    if kind == "search":
        codes = dict.fromkeys([*codes, *_NETWORK], "unused.by_search")
    for name, code in codes.items():
        if getattr(config, name) != fields()[name].default:
            raise InputError(code, field=name, algorithm=config.algorithm, name=name)
    if config.kl and config.kl_in == "reward":
        raise InputError("unused.kl_in_by_targets", field="kl_in", algorithm=config.algorithm)


def choices_of(config: RunConfig, row: Algorithm) -> AlgorithmChoices:
    """Return the choices of the algorithm's `row`, overridden by the settings of `config`.

    Raises InputError for contradicting choices and for settings without effect.
    """
    refuse_settings_without_effect(config, row.kind)
    settings = {name: getattr(config, name) for name in AlgorithmChoices._fields}
    choices = row.choices._replace(**{name: value for name, value in settings.items() if value is not None})
    refuse_contradictions(config, choices)
    return choices
