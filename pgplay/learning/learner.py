"""The interface of a `Trainer`, which trains a network, and a `Search`, which trains none."""

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
    """Everything the next step depends on except plan and reward: tensors, and JSON values."""

    tensors: dict[str, Tensor]
    values: dict[str, Any]


class Totals(Protocol):
    """Totals so far; `seconds` counts only the steps themselves."""

    steps: int
    completions: int
    seconds: float


class Learner(Protocol):
    """Makes steps of `batch_size` rewards; its numbers depend only on plan, reward and device."""

    plan: Plan
    reward: Reward
    measures: dict[str, Reward]

    @property
    def counters(self) -> Totals:
        """The totals so far."""

    @property
    def device(self) -> torch.device:
        """The device of the tensors."""

    @property
    def policy(self) -> Policy | None:
        """The policy; None if none is trained."""

    def greedy_texts(self, pairs: Sequence[Pair]) -> list[str]:
        """Return the greedy completion, or a search's best text, for each of the training `pairs`."""

    def step(self) -> StepReport:
        """Make one step; raises RewardError, then nothing has changed, or PgplayError if learning diverged."""

    def change(self, plan: Plan, reward: Reward | None = None) -> None:
        """Continue with another `plan` of the same kind, and with another `reward` if given."""

    def state(self) -> LearnerState:
        """Return a copy of everything the next step depends on."""

    def restore(self, state: LearnerState) -> None:
        """Restore a `state`; the next step is then bit for bit the one that would have followed it."""
