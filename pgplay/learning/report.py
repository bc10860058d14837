"""What one step tells: a small frozen record that is stored, sent and shown."""

from __future__ import annotations

from typing import Literal

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


class Finding(msgspec.Struct, frozen=True):
    """Something about the run in plain words: what is seen, what it means, what to try."""

    kind: str
    message: str
    advice: str
