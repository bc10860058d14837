"""The report of one step: a small frozen record that is stored, sent and shown."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from pgplay.tasks.task import ColumnValues

Role = Literal["greedy", "best", "top", "upper", "middle", "lower", "bottom"]


class Sample(msgspec.Struct, frozen=True):
    """A completion to show: the greedy one, the best so far, or one at a quantile of the rewards."""

    role: Role
    prompt: str
    text: str
    target: str
    reward: float
    step: int
    finished: bool
    tokens: tuple[str, ...]
    """The text of each token of the completion, without the stop token (see `finished`)."""
    columns: ColumnValues = ()
    """What further columns of the task's file say about the prompt."""


MOST_POSITIONS = 200
"""Most tokens of a target whose probabilities a step reports."""


class PromptSheet(msgspec.Struct, frozen=True):
    """Greedy completions of a step's policy for the first training and held-out prompts, with rewards."""

    step: int
    training: tuple[Sample, ...]
    held_out: tuple[Sample, ...]
    rendered: dict[str, str] = {}
    """What the model reads for each prompt, where that is another text."""


class Trace(msgspec.Struct, frozen=True):
    """The rows that a step adds to the heatmaps over steps.

    `target`: the probability of each target token given the ones before it, the stop token last; up to MOST_POSITIONS,
    each a mean over the measured prompts. Empty without a network. `rewards`: the number of completions in each of the
    equally wide bins of rewards from `low` to `high`.
    """

    target: tuple[float, ...]
    low: float
    high: float
    rewards: tuple[int, ...]


class StepReport(msgspec.Struct, frozen=True):
    """One step: `step` counts from 1, `seconds` from the start of the first step, without pauses.

    `metrics` maps names of `learning.reports.metrics` to finite numbers; a metric that could not be computed (a
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
    """A finding about a run, with its numbers; `locale.catalog` turns it into sentences.

    `names` are what the sentences quote beside numbers, such as a measure or a completion. `settings` are the live
    changes that would help; empty where there is none that a key could make.
    """

    kind: str
    numbers: dict[str, float] = {}
    settings: dict[str, Any] = {}
    names: dict[str, str] = {}

    @property
    def values(self) -> dict[str, float | str]:
        """What the sentences are filled with: numbers and names."""
        return {**self.numbers, **self.names}
