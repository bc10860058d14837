"""The settings of a run in TRL's words: one table of what GRPOConfig and LoraConfig have for each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pgplay.config.resolved import ResolvedConfig
from pgplay.config.warm_start import Steps
from pgplay.errors import coded
from pgplay.learning.plan import Plan
from pgplay.locale.catalog import Coded

ADAM_BETA2 = 0.99
"""As in `learning.objective.adamw`, which loads torch; a test compares them."""


class Counterpart(NamedTuple):
    """What TRL has for a setting: arguments of GRPOConfig and of LoraConfig, and what is lost, None for nothing."""

    arguments: Mapping[str, Any] = {}
    lora: Mapping[str, Any] = {}
    lost: Coded | None = None


class TrlSettings(NamedTuple):
    """A run's settings for TRL: arguments by the setting that they come from, and what TRL has no counterpart for."""

    arguments: dict[str, Mapping[str, Any]]
    lora: dict[str, Any]
    lost: tuple[Coded, ...]


Rule = Callable[[Plan], Counterpart]


def trl_settings(plan: Plan) -> TrlSettings:
    """Return the settings of `plan`, whose limit of steps is set, for TRL."""
    counterparts = {name: rule(plan) for name, rule in COUNTERPARTS.items()}
    return TrlSettings(
        {name: each.arguments for name, each in counterparts.items() if each.arguments},
        {name: value for each in counterparts.values() for name, value in each.lora.items()},
        tuple(each.lost for each in counterparts.values() if each.lost is not None),
    )


SAME_IN_TRL = {
    "max_length": "max_completion_length",
    "seed": "seed",
    "updates_per_step": "num_iterations",
    "lr": "learning_rate",
    "entropy": "entropy_coef",
    "kl": "beta",
    "clip_gradient": "max_grad_norm",
    "temperature": "temperature",
    "weight_decay": "weight_decay",
}
"""The settings that GRPOConfig has as well, and what they are called there."""


def _same(setting: str) -> Rule:
    return lambda plan: Counterpart({SAME_IN_TRL[setting]: getattr(plan.config, setting)})


def _lost(setting: str, neutral: Any, **further: str) -> Rule:
    """Return the rule of a `setting` that TRL lacks: it is lost unless it is `neutral`.

    Its text gets its value, and those of the settings that `further` names.
    """

    def rule(plan: Plan) -> Counterpart:
        value = getattr(plan.config, setting)
        if value == neutral:
            return Counterpart()
        values = {name: getattr(plan.config, other) for name, other in further.items()}
        return Counterpart(lost=coded(f"trl.lost.{setting}", value=value, **values))

    return rule


def _elsewhere(plan: Plan) -> Counterpart:
    """The data set, the reward or the model has it, another setting's counterpart, or it has no effect here."""
    return Counterpart()


def _held_out_every(plan: Plan) -> Counterpart:
    config = plan.config
    if not plan.task.held_out:
        return Counterpart()
    arguments = {
        "eval_strategy": "steps",
        "eval_steps": config.held_out_every * config.updates_per_step,
        "num_generations_eval": 1,
        "per_device_eval_batch_size": config.batch_size,
    }
    return Counterpart(arguments, lost=coded("trl.lost.held_out"))


def _warm_start(plan: Plan) -> Counterpart:
    start = plan.config.starts_from
    if start is None:
        return Counterpart()
    code = "trl.lost.warm_steps" if isinstance(start, Steps) else "trl.lost.warm_policy"
    return Counterpart(lost=coded(code, value=plan.config.warm_start))


def _measure(plan: Plan) -> Counterpart:
    extra = len(plan.config.measure)
    return Counterpart({"reward_weights": [1.0, *[0.0] * extra]} if extra else {})


def _lora_rank(plan: Plan) -> Counterpart:
    return Counterpart(lora={"r": plan.config.lora_rank} if plan.config.lora_rank else {})


def _lora_alpha(plan: Plan) -> Counterpart:
    return Counterpart(lora={"lora_alpha": plan.config.lora_alpha} if plan.config.lora_rank else {})


def _lora_targets(plan: Plan) -> Counterpart:
    targets = plan.config.lora_targets
    modules = targets if targets == "all-linear" else targets.split(",")
    return Counterpart(lora={"target_modules": modules} if plan.config.lora_rank else {})


def _device(plan: Plan) -> Counterpart:
    device = plan.config.device
    if ":" in device:
        return Counterpart(lost=coded("trl.lost.device", value=device, number=device.partition(":")[2]))
    return Counterpart({"use_cpu": True} if device == "cpu" else {})


def _baseline(plan: Plan) -> Counterpart:
    baseline, size = plan.config.baseline, plan.config.group_size
    if baseline == "leave-one-out":
        return Counterpart(lost=coded("trl.lost.leave_one_out", share=(size - 1) / size))
    return _lost("baseline", "group-mean")(plan)


def _scale(plan: Plan) -> Counterpart:
    return Counterpart({"scale_rewards": plan.config.scale.removesuffix("-std")})


def _ratio(plan: Plan) -> Counterpart:
    return Counterpart({"importance_sampling_level": "sequence"} if plan.config.ratio == "gspo" else {})


_LOSSES = {
    "token-mean": "dapo",
    "sequence-mean": "grpo",
    "sequence-sum": "luspo",
    "constant-length": "dr_grpo",
}
"""TRL's loss_type for each aggregation; luspo is the mean over completions of their sums."""


def _aggregation(plan: Plan) -> Counterpart:
    config = plan.config
    if config.ratio != "cispo":
        return Counterpart({"loss_type": _LOSSES[config.aggregation]})
    kept = config.aggregation == "token-mean"
    return Counterpart({"loss_type": "cispo"}, lost=None if kept else coded("trl.lost.cispo_aggregation"))


def _group_size(plan: Plan) -> Counterpart:
    if plan.config.group_size == 1:
        return Counterpart({"num_generations": 2}, lost=coded("trl.lost.group_size"))
    return Counterpart({"num_generations": plan.config.group_size})


def _batch_size(plan: Plan) -> Counterpart:
    # TRL's groups have two completions at least, so the batch must be even.
    size = plan.config.batch_size
    return Counterpart({"per_device_train_batch_size": size + size % 2 if plan.config.group_size == 1 else size})


def _optimizer(plan: Plan) -> Counterpart:
    if plan.config.optimizer == "sgd":
        return Counterpart({"optim": "sgd"})
    return Counterpart({"optim": "adamw_torch", "adam_beta2": ADAM_BETA2})


def _entropy_schedule(plan: Plan) -> Counterpart:
    has_bonus = plan.config.entropy > 0
    return _lost("entropy_schedule", "constant", weight="entropy")(plan) if has_bonus else Counterpart()


def _kl(plan: Plan) -> Counterpart:
    is_summed = plan.config.kl > 0 and plan.config.aggregation == "sequence-sum"
    return _same("kl")(plan)._replace(lost=coded("trl.lost.kl_sum") if is_summed else None)


def _reference(plan: Plan) -> Counterpart:
    config = plan.config
    starts_elsewhere = config.starts_from is not None and config.reference == "start"
    if not config.kl or (config.reference == "start" and not starts_elsewhere):
        return Counterpart()
    return Counterpart(lost=coded("trl.lost.reference", value=config.reference))


def _clip_low(plan: Plan) -> Counterpart:
    if plan.config.ratio == "none":
        return Counterpart()
    if plan.config.ratio == "cispo":
        return Counterpart(lost=coded("trl.lost.cispo_clip_low", value=plan.config.clip_low))
    return Counterpart({"epsilon": plan.config.clip_low})


def _clip_high(plan: Plan) -> Counterpart:
    ratio, high = plan.config.ratio, plan.config.clip_high
    if ratio == "none":
        return Counterpart()
    # With cispo, TRL's bound is that of the ratio itself, not of how far it is from 1.
    return Counterpart({"epsilon_high": 1.0 + high if ratio == "cispo" else high})


def _discount(plan: Plan) -> Counterpart:
    return _lost("discount", 1.0)(plan) if plan.config.credit == "terminal" else Counterpart()


def _steps(plan: Plan) -> Counterpart:
    config: ResolvedConfig = plan.config
    assert config.steps is not None
    return Counterpart({"max_steps": config.steps * config.updates_per_step})


def _filter(setting: str, neutral: float) -> Rule:
    """Return the rule of a filter of sampling; `neutral` filters nothing."""

    def rule(plan: Plan) -> Counterpart:
        value = getattr(plan.config, setting)
        if value == neutral:
            return Counterpart()
        return Counterpart({setting: value}, lost=coded("trl.lost.filter", name=setting, value=value))

    return rule


COUNTERPARTS: dict[str, Rule] = {
    "target": _elsewhere,
    "task": _elsewhere,
    "alphabet": _elsewhere,
    "max_length": _same("max_length"),
    "held_out": _elsewhere,
    "prompts": _elsewhere,
    "held_out_every": _held_out_every,
    "warm_start": _warm_start,
    "warm_text": _elsewhere,
    "reward": _elsewhere,
    "measure": _measure,
    "model": _elsewhere,
    "tokenizer": _elsewhere,
    "lora_rank": _lora_rank,
    "lora_alpha": _lora_alpha,
    "lora_targets": _lora_targets,
    "template": _elsewhere,
    "system": _elsewhere,
    "device": _device,
    "threads": _elsewhere,
    "seed": _same("seed"),
    "algorithm": _elsewhere,
    "baseline": _baseline,
    "scale": _scale,
    "credit": _lost("credit", "terminal"),
    "ratio": _ratio,
    "aggregation": _aggregation,
    "control_variate": _lost("control_variate", "none"),
    "batch_size": _batch_size,
    "group_size": _group_size,
    "updates_per_step": _same("updates_per_step"),
    "lr": _same("lr"),
    "optimizer": _optimizer,
    "lr_schedule": _lost("lr_schedule", "constant", lr="lr"),
    "lr_target": _elsewhere,
    "entropy": _same("entropy"),
    "entropy_schedule": _entropy_schedule,
    "entropy_target": _elsewhere,
    "recovery": _elsewhere,
    "kl": _kl,
    "kl_limit": _lost("kl_limit", None, weight="kl"),
    "kl_in": lambda plan: _lost("kl_in", "loss")(plan) if plan.config.kl else Counterpart(),
    "reference": _reference,
    "replay": _lost("replay", 0.0),
    "clip_gradient": _same("clip_gradient"),
    "clip_low": _clip_low,
    "clip_high": _clip_high,
    "discount": _discount,
    "gae_lambda": _elsewhere,
    "critic": _elsewhere,
    "temperature": _same("temperature"),
    "top_k": _filter("top_k", 0),
    "top_p": _filter("top_p", 1.0),
    "min_p": _filter("min_p", 0.0),
    "dropout": _elsewhere,
    "l1": _lost("l1", 0.0),
    "l2": _lost("l2", 0.0),
    "weight_decay": _same("weight_decay"),
    "steps": _steps,
    "max_seconds": _lost("max_seconds", None),
    "until": _lost("until", "never"),
    "patience": _lost("patience", None),
}
"""What TRL has for every setting of a run of the pretrained family."""
