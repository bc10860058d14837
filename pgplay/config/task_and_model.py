"""The first part of a run's configuration: the task, the reward and the model."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pgplay.config.fields import describe


class TaskAndModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sections task, reward and model of RunConfig, which inherits them; it is not used by itself."""

    target: Annotated[str, describe("the text to learn, if there is no task", "task", live=True)] = "hello world"
    task: Annotated[
        str,
        describe(
            "prompts and targets: a generator (reverse:length=3-5), a shipped data set (assistant), a file (.csv, "
            ".jsonl, .toml; other columns as pairs.csv:question,answer), reasoning-gym:NAME or dataset:ORG/NAME",
            "task",
        ),
    ] = ""
    alphabet: Annotated[str, describe("auto, lowercase, ascii, target, or the characters themselves", "task")] = "auto"
    max_length: Annotated[
        Annotated[int, Meta(ge=1, le=8192)] | None,
        describe("maximum completion length, in tokens (default: a little above the longest target)", "task"),
    ] = None
    held_out: Annotated[float, describe("share of prompts held out of training", "task", ge=0.0, lt=1.0)] = 0.0
    prompts: Annotated[
        int,
        describe(
            "train on the first N training prompts only; 0 = all, 1 = the check that a single prompt can be learnt",
            "task",
            ge=0,
            le=100_000,
        ),
    ] = 0
    held_out_every: Annotated[
        int, describe("steps between evaluations on held-out prompts", "task", live=True, ge=1, le=100_000)
    ] = 25
    warm_start: Annotated[
        str,
        describe(
            "first train on the targets by cross-entropy for this many steps, or start from a saved policy", "task"
        ),
    ] = ""
    warm_text: Annotated[
        str, describe("a text file whose lines warm_start trains on instead of the targets", "task")
    ] = ""

    reward: Annotated[
        str,
        describe(
            "the score to maximise: a name, a weighted sum, or a Python file (my_reward.py:rhymes)", "reward", live=True
        ),
    ] = "levenshtein"
    measure: Annotated[tuple[str, ...], describe("extra rewards to plot (not trained on)", "reward")] = ()

    model: Annotated[
        str,
        describe(
            "family and size of the network (auto: gru-small, or transformer-small for a task), or a pretrained model: "
            "a folder (./NAME), ORG/NAME[@REVISION] of the Hugging Face Hub, or FILE.gguf",
            "model",
        ),
    ] = "auto"
    tokenizer: Annotated[
        str,
        describe(
            "how text is split into tokens: auto (the model's own: characters), or one that an installed package adds",
            "model",
        ),
    ] = "auto"
    lora_rank: Annotated[
        int,
        describe("rank of a pretrained model's LoRA adapter; 0 trains all its weights", "model", ge=0, le=1024),
    ] = 8
    lora_alpha: Annotated[
        Annotated[int, Meta(ge=1, le=4096)] | None,
        describe("scale of a pretrained model's LoRA adapter (default: twice its rank)", "model"),
    ] = None
    lora_targets: Annotated[
        str, describe("layers of a pretrained model that get an adapter: all-linear, or names with commas", "model")
    ] = "all-linear"
    template: Annotated[
        Literal["chat", "raw"] | None,
        describe(
            "how a pretrained model gets a prompt: in its chat template, or raw, as text to continue (default: "
            "chat if there are prompts and the model has a template)",
            "model",
        ),
    ] = None
    system: Annotated[str, describe("the system message in a pretrained model's chat template", "model")] = ""
    device: Annotated[str, describe("auto, cpu, cuda, cuda:1 or mps", "model")] = "auto"
    threads: Annotated[
        Annotated[int, Meta(ge=1, le=256)] | None,
        describe(
            "CPU threads (default: 1 for nano and small; else the fastest number, fewer while other runs train)",
            "model",
            live=True,
        ),
    ] = None
    seed: Annotated[int, describe("seed of all random numbers", "model", ge=0, le=2**31 - 1)] = 0
