"""What a run needs of whatever learns: a `Trainer`, which trains a network, or a `Search`, which trains none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from pgplay.learning.plan import Plan
from pgplay.learning.reports.step_report import StepReport
from pgplay.policies.policy import Policy
from pgplay.rewards.reward import Reward
from pgplay.tasks.task import Pair


class LearnerState(NamedTuple):
    """All that the next step depends on, beside the plan and the reward: tensors, and values that JSON can hold."""

    tensors: dict[str, Tensor]
    values: dict[str, Any]


class Totals(Protocol):
    """What was done so far; seconds are those of the steps, without what was kept or shown between them."""

    steps: int
    completions: int
    seconds: float


class Learner(Protocol):
    """Makes steps, each from `batch_size` rewards; its numbers depend on plan, reward and device alone."""

    plan: Plan
    reward: Reward
    measures: dict[str, Reward]

    @property
    def counters(self) -> Totals:
        """What was done so far."""

    @property
    def device(self) -> torch.device:
        """Where the numbers are."""

    @property
    def policy(self) -> Policy | None:
        """The network that writes; None where none is trained."""

    def greedy_texts(self, pairs: Sequence[Pair]) -> list[str]:
        """Return, for each of the training `pairs`, what would be written if it had to be right now."""

    def step(self) -> StepReport:
        """Make one step; raises RewardError, and then nothing has happened, and PgplayError where learning diverged."""

    def change(self, plan: Plan, reward: Reward | None = None) -> None:
        """Go on by another `plan` of the same kind, and by another `reward` where one is given."""

    def state(self) -> LearnerState:
        """Return a copy of everything that the next step depends on."""

    def restore(self, state: LearnerState) -> None:
        """Take over a `state`; the next step is then bit for bit the one that would have followed it."""
