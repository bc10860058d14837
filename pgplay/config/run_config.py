"""RunConfig: one frozen description of a run, validated once, here.

Each field has a range and one line of help. The command line's options, the app's form, presets, recipes and the docs
are made from these. A field that is None takes the default of the model family, the algorithm or the task
(`policies.families`, `learning.algorithms`, `learning.defaults`).
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from pgplay.config import goals
from pgplay.config.fields import Field, canonical, check_unicode, describe, fields_of, refused_value
from pgplay.config.task_and_model import TaskAndModel
from pgplay.config.warm_start import WarmStart, parse_warm_start
from pgplay.errors import InputError, UnknownName


class RunConfig(TaskAndModel, frozen=True, kw_only=True):
    """A whole run: the task, the reward and the model (`TaskAndModel`), how it learns, and when it stops.

    Build it with `make_config`, which checks types, ranges and names; `RunConfig(...)` only checks fields against each
    other.
    """

    algorithm: Annotated[
        str,
        describe("a policy gradient, or a comparison: supervised, hill-climb, random-search", "algorithm", live=True),
    ] = "grpo"
    baseline: Annotated[
        Literal["none", "moving-average", "batch-mean", "group-mean", "leave-one-out", "greedy", "critic"] | None,
        describe("the baseline subtracted from each reward", "algorithm"),
    ] = None
    scale: Annotated[
        Literal["none", "group-std", "batch-std"] | None, describe("how advantages are normalised", "algorithm")
    ] = None
    credit: Annotated[
        Literal["terminal", "dense", "gae"] | None,
        describe(
            "how a reward is credited to tokens: the whole reward to each, differences in potential, or a critic's "
            "estimates",
            "algorithm",
        ),
    ] = None
    ratio: Annotated[
        Literal["none", "clip", "clip-higher", "cispo", "gspo"] | None,
        describe("how the importance ratio is limited when a batch is reused", "algorithm"),
    ] = None
    aggregation: Annotated[
        Literal["token-mean", "sequence-sum", "sequence-mean", "constant-length"] | None,
        describe("how token losses are averaged", "algorithm"),
    ] = None
    control_variate: Annotated[
        Literal["potential", "regression", "none"] | None,
        describe(
            "subtracts the other tokens' predicted shares from a token's advantage and averages its own over the "
            "vocabulary; potential predicts from the edits still needed, regression from past rewards (default: "
            "potential with levenshtein, else regression; none with dense credit and for pretrained models)",
            "algorithm",
            live=True,
        ),
    ] = None

    batch_size: Annotated[
        Annotated[int, Meta(ge=2, le=65536)] | None,
        describe(
            "completions per step (default: 64; with prompts 256; with dense credit 16 or 32, and 128 or 256)",
            "learning",
            live=True,
        ),
    ] = None
    group_size: Annotated[
        Annotated[int, Meta(ge=1, le=65536)] | None,
        describe(
            "completions per prompt (default: 8; 4 with control_variate potential; 2 with dense credit; the whole "
            "batch for a single prompt)",
            "learning",
        ),
    ] = None
    updates_per_step: Annotated[
        Annotated[int, Meta(ge=1, le=64)] | None,
        describe("updates per batch of completions (default: the algorithm's)", "learning", live=True),
    ] = None
    lr: Annotated[
        Annotated[float, Meta(gt=0.0, le=1.0)] | None,
        describe("learning rate (default: depends on the model for adam; 0.3 for sgd)", "learning", live=True),
    ] = None
    optimizer: Annotated[
        Literal["adam", "sgd"] | None,
        describe(
            "adam, or sgd: plain gradient descent without momentum (default: adam; sgd for plain-reinforce)",
            "learning",
            live=True,
        ),
    ] = None
    lr_schedule: Annotated[
        Literal["constant", "kl"],
        describe("constant, or adapt so that each update changes the policy by lr_target (KL)", "learning", live=True),
    ] = "constant"
    lr_target: Annotated[
        float,
        describe(
            "target KL of each update with lr_schedule kl, nats per token", "learning", live=True, gt=0.0, le=10.0
        ),
    ] = 0.01
    entropy: Annotated[
        Annotated[float, Meta(ge=0.0, le=10.0)] | None,
        describe("weight of the entropy bonus, per nat (default: depends on the model)", "learning", live=True),
    ] = None
    entropy_schedule: Annotated[
        Literal["constant", "reward-gap", "target"],
        describe(
            "constant, proportional to 1 - reward, or growing while entropy is below its target", "learning", live=True
        ),
    ] = "target"
    entropy_target: Annotated[
        Annotated[float, Meta(ge=0.0, le=1000.0)] | None,
        describe(
            "entropy below which the bonus grows, nats per completion (default: 15, or by length with prompts)",
            "learning",
            live=True,
        ),
    ] = None
    recovery: Annotated[
        Literal["shrink-perturb", "none"],
        describe(
            "what to do when the policy has collapsed: move the weights 90% of the way back to a fresh network, or do "
            "nothing",
            "learning",
            live=True,
        ),
    ] = "shrink-perturb"
    kl: Annotated[
        Annotated[float, Meta(ge=0.0, le=100.0)] | None,
        describe(
            "weight of the KL penalty to the reference (default: 0, or 0.05 with a kl_limit)", "learning", live=True
        ),
    ] = None
    kl_limit: Annotated[
        Annotated[float, Meta(gt=0.0, le=100.0)] | None,
        describe(
            "maximum KL to the reference, nats per token; the penalty's weight grows near it (default: none)",
            "learning",
            live=True,
        ),
    ] = None
    kl_in: Annotated[
        Literal["loss", "reward"],
        describe("add the KL penalty to the loss, or subtract it from the reward", "learning"),
    ] = "loss"
    reference: Annotated[str, describe("the reference policy: start, or a saved policy", "learning")] = "start"
    replay: Annotated[
        float,
        describe(
            "weight of imitating the best completion so far (not part of a plain policy gradient)",
            "learning",
            live=True,
            ge=0.0,
            le=10.0,
        ),
    ] = 0.0
    clip_gradient: Annotated[
        float, describe("maximum gradient norm; 0 = no clipping", "learning", live=True, ge=0.0, le=1000.0)
    ] = 1.0
    clip_low: Annotated[
        float, describe("clip range below: how far the ratio may fall below 1", "learning", gt=0.0, le=1.0)
    ] = 0.2
    clip_high: Annotated[
        Annotated[float, Meta(gt=0.0, le=100.0)] | None,
        describe("clip range above: how far the ratio may rise above 1 (default: the algorithm's)", "learning"),
    ] = None
    discount: Annotated[
        Annotated[float, Meta(ge=0.0, le=1.0)] | None,
        describe("discount factor per token (default: 1; 0 with dense credit)", "learning"),
    ] = None
    gae_lambda: Annotated[float, describe("lambda of generalised advantage estimation", "learning", ge=0.0, le=1.0)] = (
        0.95
    )
    critic: Annotated[
        float, describe("weight of the critic's loss, with baseline critic", "learning", ge=0.0, le=100.0)
    ] = 0.5

    temperature: Annotated[
        float, describe("softmax temperature in sampling and in the loss", "sampling", live=True, ge=0.05, le=10.0)
    ] = 1.0
    top_k: Annotated[
        int, describe("sample only from the k most likely tokens; 0 = off", "sampling", live=True, ge=0, le=100000)
    ] = 0
    top_p: Annotated[
        float,
        describe(
            "sample only from the most likely tokens that together reach this probability",
            "sampling",
            live=True,
            gt=0.0,
            le=1.0,
        ),
    ] = 1.0
    min_p: Annotated[
        float,
        describe(
            "sample only from tokens at least this likely relative to the most likely one",
            "sampling",
            live=True,
            ge=0.0,
            le=1.0,
        ),
    ] = 0.0

    dropout: Annotated[
        float, describe("share of hidden units dropped; one mask per completion", "regularisation", ge=0.0, lt=1.0)
    ] = 0.0
    l1: Annotated[
        float, describe("L1 penalty: weight of the sum of |parameter|", "regularisation", live=True, ge=0.0, le=1.0)
    ] = 0.0
    l2: Annotated[
        float, describe("L2 penalty: weight of half the sum of parameter²", "regularisation", live=True, ge=0.0, le=1.0)
    ] = 0.0
    weight_decay: Annotated[
        Annotated[float, Meta(ge=0.0, le=1.0)] | None,
        describe(
            "decoupled weight decay, as in AdamW (default: 0.3 for one text learned from scratch with terminal credit, "
            "else 0)",
            "regularisation",
            live=True,
        ),
    ] = None

    steps: Annotated[
        Annotated[int, Meta(ge=1, le=goals.MOST_STEPS)] | None,
        describe("stop after this many steps", "limits", live=True),
    ] = None
    max_seconds: Annotated[
        Annotated[float, Meta(gt=0.0)] | None, describe("stop after this many seconds of training", "limits", live=True)
    ] = None
    until: Annotated[
        str,
        describe(
            "stop when solved, at a reward (reward>=0.95, held_out_reward>=0.9, held_out_exact_match>=0.97), or never",
            "limits",
            live=True,
        ),
    ] = "solved"
    patience: Annotated[
        Annotated[int, Meta(ge=1, le=100_000)] | None,
        describe(
            "early stopping: end after this many evaluations without a better held-out reward; keep the best policy",
            "limits",
            live=True,
        ),
    ] = None

    def __post_init__(self) -> None:
        """Refuse fields that exclude each other."""
        if self.batch_size is not None and self.group_size is not None and self.batch_size % self.group_size:
            size, batch_size = self.group_size, self.batch_size
            raise InputError("setting.groups", field="batch_size", batch_size=batch_size, group_size=size)
        msgspec.structs.force_setattr(self, "until", goals.goal_text(goals.parse_ending(self.until)))

    @property
    def goal(self) -> goals.Goal:
        """The goal that ends the run: `until`, parsed."""
        return goals.parse(self.until)

    @property
    def starts_from(self) -> WarmStart | None:
        """What the policy starts from: `warm_start`, parsed; None for an untrained policy."""
        return parse_warm_start(self.warm_start)


@functools.cache
def fields() -> dict[str, Field]:
    """Return every field of RunConfig by name, in display order."""
    return fields_of(RunConfig)


def check_names(settings: Iterable[str]) -> None:
    """Refuse a name that no setting has; raises UnknownName."""
    for name in settings:
        if name not in fields():
            raise UnknownName("setting", name, fields())


def overlay(settings: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return `settings` updated with `above`; a target there removes a task below (it would win) and its split."""
    merged = {**settings, **above}
    if "target" in above:
        by_held_out = ("patience",) + (("until",) if "held_out" in merged.get("until", "") else ())
        for name in ("task", "held_out", "prompts", *by_held_out):
            if name not in above:
                merged.pop(name, None)
    return merged


def make_config(settings: Mapping[str, Any], base: RunConfig | None = None) -> RunConfig:
    """Return `base` (default: the defaults) with `settings` applied, checked.

    Raises InputError that names the field, the problem and a remedy.
    """
    check_names(settings)
    all_fields = fields()
    merged = {**(to_settings(base) if base else {}), **settings}
    for name, value in merged.items():
        merged[name] = canonical(all_fields[name], value)
        check_unicode(name, value)
        if isinstance(value, float) and not math.isfinite(value):
            raise refused_value(all_fields[name], value)
    try:
        return msgspec.convert(merged, RunConfig)
    except msgspec.ValidationError as error:
        match = re.search(r"`\$\.(\w+)", str(error))
        if match is None:
            raise InputError("setting.invalid", reason=str(error)) from error
        raise refused_value(all_fields[match[1]], merged[match[1]]) from error


def to_settings(config: RunConfig) -> dict[str, Any]:
    """Return the settings of `config` that differ from the defaults, as plain values that `make_config` reads."""
    assert type(config) is RunConfig, "a run stores the settings as written, not the resolved ones"
    defaults = {name: msgspec.to_builtins(field.default) for name, field in fields().items()}
    settings = msgspec.to_builtins(config)
    return {name: value for name, value in settings.items() if value != defaults[name]}
