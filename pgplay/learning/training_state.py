"""The state of a trainer in a checkpoint: its counters, and the tensors of its parts. It loads no torch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from pgplay.learning.plan import Plan
from pgplay.learning.reports.step_report import Sample
from pgplay.learning.reward_scale import RewardScale, widened
from pgplay.learning.schedules.early_stop import EarlyStop
from pgplay.learning.schedules.entropy_weight import entropy_weight
from pgplay.learning.schedules.kl_weight import KlLevel, Smoothing, next_level
from pgplay.learning.schedules.learning_rate import next_lr
from pgplay.rewards.ranges import Range
from pgplay.tasks.task import Pair

if TYPE_CHECKING:
    from torch import Tensor

    from pgplay.policies.rollout import Completion

MOVING_AVERAGE_SHARE = 0.1
GREEDY_CHECK_INTERVAL = 10
"""Steps between greedy checks of all training prompts, where a step measures only some."""


class Counters(msgspec.Struct):
    """Totals, running means and controllers; a checkpoint of an older pgplay lacks the newest of them."""

    steps: int = 0
    completions: int = 0
    seconds: float = 0.0
    moving_average: float | None = None
    seen: Range | None = None
    origin: float = 0.0
    lr: float | None = None
    entropy_weight: float = 0.0
    divergence: float | None = None
    divergence_growth: float = 0.0
    checked_at: int = -GREEDY_CHECK_INTERVAL
    waiting: list[int] = []
    best: Sample | None = None
    best_texts: dict[str, tuple[float, str]] = {}
    early_stop: EarlyStop = msgspec.field(default_factory=EarlyStop)
    recoveries: int = 0

    def count(
        self, plan: Plan, metrics: Mapping[str, float], rewards: Sequence[float], scale: RewardScale, *, solved: bool
    ) -> None:
        """Count a step of `plan` with these `metrics` and `rewards` of this `scale`; `solved`: whether the task is."""
        config, mean, past = plan.config, metrics["reward_mean"], self.moving_average
        self.moving_average = mean if past is None else past + MOVING_AVERAGE_SHARE * (mean - past)
        self.entropy_weight = entropy_weight(
            config.entropy_schedule,
            config.entropy,
            config.entropy_target,
            scale.share(mean),
            metrics["entropy"] * metrics["length"],
            solved=solved,
        )
        self.lr = next_lr(
            config.lr_schedule, metrics["lr"], config.lr, config.lr_target, metrics.get("kl_first_update")
        )
        self._note_divergence(metrics.get("kl_reference"), plan.kl_smoothing)
        self.steps += 1
        self.completions += len(rewards)
        self.seen = widened(self.seen, rewards)

    @property
    def divergence_level(self) -> KlLevel | None:
        """The smoothed divergence from the reference; None before the first one."""
        return None if self.divergence is None else KlLevel(self.divergence, self.divergence_growth)

    def _note_divergence(self, divergence: float | None, smoothing: Smoothing) -> None:
        if divergence is None:
            self.divergence, self.divergence_growth = None, 0.0
        else:
            self.divergence, self.divergence_growth = next_level(self.divergence_level, divergence, smoothing)

    def remember(self, pairs: Sequence[Pair], completions: Sequence[Completion], rewards: Sequence[float]) -> None:
        """Keep each prompt's best completion so far, for imitation; the `completions` answer the `pairs`."""
        for pair, completion, reward in zip(pairs, completions, rewards, strict=True):
            if pair.prompt not in self.best_texts or reward > self.best_texts[pair.prompt][0]:
                self.best_texts[pair.prompt] = reward, completion.text


def copied(parts: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return copies on the CPU of the tensors of all `parts`, named part.name; one without a name has its part's."""
    return {
        f"{part}.{name}" if name else part: tensor.detach().to("cpu", copy=True).contiguous()
        for part, tensors in parts.items()
        for name, tensor in tensors.items()
    }


def by_part(tensors: Mapping[str, Tensor]) -> defaultdict[str, dict[str, Tensor]]:
    """Return the parts that were `copied` as `tensors`; one that is not among them reads as empty."""
    parts: defaultdict[str, dict[str, Tensor]] = defaultdict(dict)
    for name, tensor in tensors.items():
        part, _, rest = name.partition(".")
        parts[part][rest] = tensor
    return parts
