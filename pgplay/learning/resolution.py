"""From a config as written to the run's settings: each setting that was left open gets its default, once."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from pgplay.config.resolved import ResolvedConfig
from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError, coded
from pgplay.learning import groups
from pgplay.learning.defaults import (
    Basis,
    lora_alpha,
    usual_batch,
    usual_control_variate,
    usual_discount,
    usual_entropy,
    usual_entropy_target,
    usual_kl,
    usual_lr,
    usual_weight_decay,
)
from pgplay.learning.groups import Groups
from pgplay.locale.catalog import Coded
from pgplay.policies.spec import PolicySpec, PretrainedSpec

Value = TypeVar("Value")


def resolve_config(basis: Basis, shape: PolicySpec) -> tuple[ResolvedConfig, Coded | None]:
    """Return the config of `basis` with every default decided, and a note about its groups, None for the usual ones.

    `shape` is the policy's: it determines the model, the alphabet and the length. Raises InputError for a control
    variate that does nothing, and for groups that the task has too few prompts for.
    """
    config = basis.config
    discount = _given_or_usual(config.discount, usual_discount(basis))
    control_variate = usual_control_variate(basis, discount)
    batch_size = _given_or_usual(config.batch_size, usual_batch(basis, control_variate))
    decided = {
        "model": basis.model.name,
        "alphabet": shape.alphabet,
        "tokenizer": shape.tokens,
        "max_length": shape.max_length,
        **basis.choices._asdict(),
        "control_variate": control_variate,
        "batch_size": batch_size,
        "updates_per_step": _given_or_usual(config.updates_per_step, basis.algorithm.updates),
        "lr": _given_or_usual(config.lr, usual_lr(basis)),
        "optimizer": config.optimizer or "adam",
        "entropy": _given_or_usual(config.entropy, usual_entropy(basis)),
        "entropy_target": _given_or_usual(config.entropy_target, usual_entropy_target(basis)),
        "kl": usual_kl(basis),
        "clip_high": _given_or_usual(config.clip_high, basis.algorithm.clip_high),
        "discount": discount,
        "weight_decay": _given_or_usual(config.weight_decay, usual_weight_decay(basis)),
        **_of_pretrained(config, shape),
        "threads": config.threads or basis.model.threads,
    }
    groups_of_batch = _groups(basis, batch_size, control_variate)
    decided["group_size"] = groups_of_batch.size
    return ResolvedConfig(**msgspec.structs.asdict(config) | decided), groups_of_batch.note


def _of_pretrained(config: RunConfig, shape: PolicySpec) -> dict[str, int | str]:
    """Return the settings of the adapter and of prompts; those of a saved policy are its own.

    Raises InputError where another template or system text is asked for than a saved policy's.
    """
    if not isinstance(shape, PretrainedSpec):
        return {"lora_alpha": lora_alpha(config), "template": "raw"}
    for name, own, other in (("template", shape.template, config.template), ("system", shape.system, config.system)):
        if other and other != own:
            raise InputError("template.of_policy", field=name, name=name, own=own or "none")
    return {
        "lora_rank": shape.rank,
        "lora_alpha": shape.alpha,
        "lora_targets": shape.targets,
        "template": shape.template,
        "system": shape.system,
    }


def _given_or_usual(own: Value | None, usual: Value) -> Value:
    """Return the person's own value where there is one, else the usual one."""
    return usual if own is None else own


def _groups(basis: Basis, batch_size: int, control_variate: str) -> Groups:
    size, prompts = basis.config.group_size, len(basis.task.training)
    if size is None:
        return groups.choose(batch_size, prompts, groups.usual_size(basis.choices.credit, control_variate))
    if basis.config.prompts and batch_size // size > prompts:
        larger = groups.choose(batch_size, prompts, size).size
        return Groups(larger, coded("note.larger_groups", size=larger, asked=size, prompts=prompts))
    groups.check_size(size, batch_size, prompts)
    return Groups(size)
