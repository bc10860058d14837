"""What one step tells: a small frozen record that is stored, sent and shown."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Role = Literal["greedy", "best", "top", "upper", "middle", "lower", "bottom"]


class Sample(msgspec.Struct, frozen=True):
    """One completion worth showing: the greedy one, the best so far, or one from across the reward's quantiles."""

    role: Role
    prompt: str
    text: str
    target: str
    reward: float
    step: int
    finished: bool
    tokens: tuple[str, ...]
    """The completion token by token, each as its text; the stop token is not among them (`finished` tells)."""


MOST_POSITIONS = 200
"""Tokens of a target of which a step tells the probability."""


class PromptSheet(msgspec.Struct, frozen=True):
    """What the policy of a step would write for the first prompts of either side, each with its reward."""

    step: int
    training: tuple[Sample, ...]
    held_out: tuple[Sample, ...]


class Trace(msgspec.Struct, frozen=True):
    """What of a step is no single number, and is drawn as a map over the steps.

    `target`: the probability of each of the target's tokens after those before it, the stop token's last; the first
    MOST_POSITIONS of them, each a mean over the prompts that were measured. Empty where no network is trained.
    `rewards`: how many completions had a reward in each of the equally wide bins from `low` to `high`.
    """

    target: tuple[float, ...]
    low: float
    high: float
    rewards: tuple[int, ...]


class StepReport(msgspec.Struct, frozen=True):
    """One step: `step` counts from 1, `seconds` from the first step's beginning, pauses left out.

    `metrics` maps names of `learning.metrics.METRICS` to finite numbers; a metric that could not be computed (a
    diverged loss) is absent.
    """

    step: int
    seconds: float
    completions: int
    metrics: dict[str, float]
    samples: tuple[Sample, ...]
    solved: bool
    trace: Trace | None = None


class Finding(msgspec.Struct, frozen=True):
    """Something that stands out in a run, with its numbers; `locale.catalog` says it in words.

    `settings` are the live changes that would help; empty where there is none that a key could make.
    """

    kind: str
    numbers: dict[str, float] = {}
    settings: dict[str, Any] = {}
