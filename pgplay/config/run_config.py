"""RunConfig: one frozen description of a run, validated once, here.

Each field carries its range and one line of help (`fields` lists them); the command line's options, the app's form,
presets, recipes and the docs are all made from these. A field left at None takes the default of the chosen model family
or algorithm, which `policies.catalogue` and `learning.algorithms` hold.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from pgplay.config import goals
from pgplay.config.fields import Field, check_unicode, describe, fields_of, quoted, what_is_right
from pgplay.errors import InputError, unknown_name


class RunConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole run, from what is to be written to when to stop.

    Build one with `make_config`, which checks types, ranges and names; `RunConfig(...)` alone checks only what one
    field says about another.
    """

    target: Annotated[str, describe("the text to learn, where no task is given", "task", live=True)] = "hello world"
    task: Annotated[
        str,
        describe(
            "prompts and targets: a generator (reverse:length=3-5), a set that ships (assistant), or a file (.csv, "
            ".jsonl, .toml)",
            "task",
        ),
    ] = ""
    alphabet: Annotated[str, describe("auto, lowercase, ascii, target, or the characters themselves", "task")] = "auto"
    max_length: Annotated[
        Annotated[int, Meta(ge=1, le=8192)] | None,
        describe("longest completion, in tokens (default: a little above the longest target)", "task"),
    ] = None
    held_out: Annotated[float, describe("share of the prompts kept out of training", "task", ge=0.0, lt=1.0)] = 0.0
    held_out_every: Annotated[
        int, describe("steps from one measurement on held-out prompts to the next", "task", live=True, ge=1, le=100_000)
    ] = 25
    warm_start: Annotated[
        str, describe("steps of cross-entropy training on the targets first, or a saved policy to start from", "task")
    ] = ""
    warm_text: Annotated[
        str, describe("a text file whose lines the steps of warm_start learn in place of the targets", "task")
    ] = ""

    reward: Annotated[
        str,
        describe("what is good: a name, a weighted sum, or a Python file (my_reward.py:rhymes)", "reward", live=True),
    ] = "levenshtein"
    measure: Annotated[
        tuple[str, ...], describe("further rewards that are plotted beside it, not trained", "reward")
    ] = ()

    model: Annotated[
        str,
        describe("family and size of the network (auto: gru-small, or transformer-small for a task)", "model"),
    ] = "auto"
    device: Annotated[str, describe("auto, cpu, cuda, cuda:1 or mps", "model")] = "auto"
    threads: Annotated[
        Annotated[int, Meta(ge=1, le=256)] | None,
        describe(
            "CPU threads (default: 1 for nano and small; else as many as are fastest, fewer while other runs train)",
            "model",
            live=True,
        ),
    ] = None
    seed: Annotated[int, describe("fixes every random number of the run", "model", ge=0, le=2**31 - 1)] = 0

    algorithm: Annotated[
        str,
        describe(
            "a policy gradient, or what it is compared with: supervised, hill-climb, random-search",
            "algorithm",
            live=True,
        ),
    ] = "grpo"
    baseline: Annotated[
        Literal["none", "moving-average", "batch-mean", "group-mean", "leave-one-out", "greedy", "critic"] | None,
        describe("what is subtracted from a reward", "algorithm"),
    ] = None
    scale: Annotated[
        Literal["none", "group-std", "batch-std"] | None, describe("what an advantage is divided by", "algorithm")
    ] = None
    credit: Annotated[
        Literal["terminal", "dense", "gae"] | None,
        describe(
            "how a reward is shared among tokens: all at the end, as potential differences, or by a critic", "algorithm"
        ),
    ] = None
    ratio: Annotated[
        Literal["none", "clip", "clip-higher", "cispo", "gspo"] | None,
        describe("what limits the importance ratio when a batch is used more than once", "algorithm"),
    ] = None
    aggregation: Annotated[
        Literal["token-mean", "sequence-sum", "sequence-mean", "constant-length"] | None,
        describe("how the losses of tokens become one number", "algorithm"),
    ] = None
    control_variate: Annotated[
        Literal["potential", "regression", "none"] | None,
        describe(
            "keeps what other tokens did out of a token's advantage, foretold by the edits still needed or by past "
            "rewards, and weighs what is known for every token that could have been drawn (default: potential for the "
            "reward levenshtein, else regression; with dense credit none)",
            "algorithm",
            live=True,
        ),
    ] = None

    batch_size: Annotated[
        Annotated[int, Meta(ge=2, le=65536)] | None,
        describe(
            "completions a step (default: 64; for a task with prompts 256; with dense credit 16 or 32, and 128 or 256)",
            "learning",
            live=True,
        ),
    ] = None
    group_size: Annotated[
        Annotated[int, Meta(ge=1, le=65536)] | None,
        describe(
            "completions of one prompt (default: 8; 4 with control_variate potential; 2 with dense credit; the whole "
            "batch for a single prompt)",
            "learning",
        ),
    ] = None
    updates_per_step: Annotated[
        Annotated[int, Meta(ge=1, le=64)] | None,
        describe("updates made from one batch of completions (default: the algorithm's)", "learning", live=True),
    ] = None
    lr: Annotated[
        Annotated[float, Meta(gt=0.0, le=1.0)] | None,
        describe("learning rate of Adam (default: the family's)", "learning", live=True),
    ] = None
    lr_schedule: Annotated[
        Literal["constant", "kl"],
        describe(
            "how it moves: not at all, or so that an update changes the policy by as much as lr_target says",
            "learning",
            live=True,
        ),
    ] = "constant"
    lr_target: Annotated[
        float,
        describe(
            "divergence that an update is to make where lr_schedule is kl, nats a token",
            "learning",
            live=True,
            gt=0.0,
            le=10.0,
        ),
    ] = 0.01
    entropy: Annotated[
        Annotated[float, Meta(ge=0.0, le=10.0)] | None,
        describe("weight of the entropy bonus, per nat (default: the family's)", "learning", live=True),
    ] = None
    entropy_schedule: Annotated[
        Literal["constant", "reward-gap", "target"],
        describe("how it moves: not at all, falling with 1 - reward, or growing below a target", "learning", live=True),
    ] = "target"
    entropy_target: Annotated[
        Annotated[float, Meta(ge=0.0, le=1000.0)] | None,
        describe(
            "entropy below which it grows, nats a completion (default: 15, or by length with prompts)",
            "learning",
            live=True,
        ),
    ] = None
    recovery: Annotated[
        Literal["shrink-perturb", "none"],
        describe(
            "what becomes of a policy that is certain of one wrong text: its weights go nine tenths of the way to an "
            "untrained network's, or nothing",
            "learning",
            live=True,
        ),
    ] = "shrink-perturb"
    kl: Annotated[
        Annotated[float, Meta(ge=0.0, le=100.0)] | None,
        describe(
            "weight of the Kullback-Leibler divergence to the reference (default: 0, or 0.05 with a kl_limit)",
            "learning",
            live=True,
        ),
    ] = None
    kl_limit: Annotated[
        Annotated[float, Meta(gt=0.0, le=100.0)] | None,
        describe(
            "the most of that divergence, nats a token: the weight grows as it comes near (default: none)",
            "learning",
            live=True,
        ),
    ] = None
    kl_in: Annotated[Literal["loss", "reward"], describe("where that divergence is charged", "learning")] = "loss"
    reference: Annotated[str, describe("the reference policy: start, or a saved policy", "learning")] = "start"
    replay: Annotated[
        float,
        describe(
            "weight of imitating the best completion so far (beyond plain policy gradient)",
            "learning",
            live=True,
            ge=0.0,
            le=10.0,
        ),
    ] = 0.0
    clip_gradient: Annotated[
        float, describe("longest gradient, as its norm; 0 leaves it alone", "learning", live=True, ge=0.0, le=1000.0)
    ] = 1.0
    clip_low: Annotated[float, describe("how far an importance ratio may fall below 1", "learning", gt=0.0, le=1.0)] = (
        0.2
    )
    clip_high: Annotated[
        Annotated[float, Meta(gt=0.0, le=100.0)] | None,
        describe("how far it may rise above 1 (default: the algorithm's)", "learning"),
    ] = None
    discount: Annotated[
        Annotated[float, Meta(ge=0.0, le=1.0)] | None,
        describe("discount per token (default: 1, but 0 with dense credit: a token answers for itself)", "learning"),
    ] = None
    gae_lambda: Annotated[float, describe("lambda of generalised advantage estimation", "learning", ge=0.0, le=1.0)] = (
        0.95
    )
    critic: Annotated[
        float, describe("weight of the critic's loss, where there is a critic", "learning", ge=0.0, le=100.0)
    ] = 0.5

    temperature: Annotated[
        float,
        describe("temperature of the one density, for sampling and learning", "sampling", live=True, ge=0.05, le=10.0),
    ] = 1.0
    top_k: Annotated[int, describe("only the k likeliest tokens; 0 is off", "sampling", live=True, ge=0, le=100000)] = 0
    top_p: Annotated[
        float, describe("only the likeliest tokens that hold this share", "sampling", live=True, gt=0.0, le=1.0)
    ] = 1.0
    min_p: Annotated[
        float,
        describe("only tokens at least this likely relative to the likeliest", "sampling", live=True, ge=0.0, le=1.0),
    ] = 0.0

    dropout: Annotated[
        float, describe("share of hidden units dropped; one mask a completion", "regularisation", ge=0.0, lt=1.0)
    ] = 0.0
    l1: Annotated[
        float, describe("weight of the sum of absolute parameters", "regularisation", live=True, ge=0.0, le=1.0)
    ] = 0.0
    l2: Annotated[
        float, describe("weight of half the sum of squared parameters", "regularisation", live=True, ge=0.0, le=1.0)
    ] = 0.0
    weight_decay: Annotated[
        Annotated[float, Meta(ge=0.0, le=1.0)] | None,
        describe(
            "decoupled weight decay, as in AdamW (default: 0.3 where one text is learnt from scratch by terminal "
            "credit, else 0)",
            "regularisation",
            live=True,
        ),
    ] = None

    steps: Annotated[
        Annotated[int, Meta(ge=1, le=goals.MOST_STEPS)] | None,
        describe("stop after so many steps", "limits", live=True),
    ] = None
    max_seconds: Annotated[
        Annotated[float, Meta(gt=0.0)] | None, describe("stop after so many seconds of training", "limits", live=True)
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
            "early stop: measurements without a better held-out reward that end the run, which keeps the best policy",
            "limits",
            live=True,
        ),
    ] = None

    def __post_init__(self) -> None:
        """Refuse what one field forbids another, with the reason."""
        if self.batch_size is not None and self.group_size is not None and self.batch_size % self.group_size:
            raise InputError(
                f"batch_size {self.batch_size} cannot be split into groups of {self.group_size}.",
                "Choose a group_size that divides batch_size.",
                field="batch_size",
            )
        msgspec.structs.force_setattr(self, "until", goals.describe(goals.parse_ending(self.until)))

    @property
    def goal(self) -> goals.Goal:
        """The goal that ends the run: `until`, parsed."""
        return goals.parse(self.until)


@functools.cache
def fields() -> dict[str, Field]:
    """Return every field of RunConfig by name, in the order in which they are shown."""
    return fields_of(RunConfig)


def make_config(settings: Mapping[str, Any], base: RunConfig | None = None) -> RunConfig:
    """Return `base` (default: the defaults) with `settings` laid over it, checked.

    Raises InputError that names the field, what was wrong and what would be right.
    """
    known = fields()
    for name in settings:
        if name not in known:
            raise unknown_name("setting", name, known)
    merged = {**(to_settings(base) if base else {}), **settings}
    for name, value in merged.items():
        check_unicode(name, value)
        if isinstance(value, float) and not math.isfinite(value):
            raise InputError(f"{name} is {value}.", what_is_right(known[name]), field=name)
    try:
        return msgspec.convert(merged, RunConfig)
    except msgspec.ValidationError as error:
        found = re.search(r"`\$\.(\w+)", str(error))
        if found is None:
            raise InputError(f"These settings do not fit: {error}.") from error
        field = known[found[1]]
        problem = f"{field.name} cannot be {quoted(merged[field.name])}."
        raise InputError(problem, what_is_right(field), field=field.name) from error


def to_settings(config: RunConfig) -> dict[str, Any]:
    """Return what `config` says beyond the defaults, as plain values that `make_config` takes back."""
    known = fields()
    settings = msgspec.to_builtins(config)
    return {name: value for name, value in settings.items() if value != msgspec.to_builtins(known[name].default)}
