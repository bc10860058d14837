"""The warm start: cross-entropy on the task's targets, or on the lines of a text, before the policy gradient.

It stops early if texts are set aside: the task's held-out pairs, or a share of a text's lines. Once their median
cross-entropy has stopped falling, the policy returns to where it was lowest, or nearly so. The median, not the mean:
some texts (idioms, names) cannot be predicted, their cross-entropy keeps rising, and the mean would stop training while
the others are still being learned.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple

import torch
from torch import nn

from pgplay.learning.evaluation.held_out import cross_entropies
from pgplay.learning.objective.adamw import Adam
from pgplay.learning.trainer import Trainer
from pgplay.tasks.task import Pair

EVALUATION_INTERVAL = 25
"""Steps between evaluations on the texts set aside."""
RELATIVE_TOLERANCE, ABSOLUTE_TOLERANCE = 0.02, 0.01
"""Relative and absolute (nats per token) differences in the median of a few dozen texts that are due to chance. Of
policies within these the latest is kept, as it has learned more."""
_PATIENCE = 8
"""Evaluations without a lower median before it stops."""
MOST_SET_ASIDE = 256
SHARE_SET_ASIDE = 0.1

OnWarmStep = Callable[[int, float, float | None], None]
"""Called with each step, its loss, and the latest median cross-entropy of the texts set aside, None without any."""


class WarmTexts(NamedTuple):
    """The texts that a warm start trains on, and those it only evaluates."""

    training: Sequence[Pair]
    set_aside: Sequence[Pair]


class WarmStartResult(NamedTuple):
    """The result of a warm start: its steps, and the median cross-entropy of the texts set aside, if any."""

    steps: int
    cross_entropy: float | None


def texts_of(trainer: Trainer) -> WarmTexts:
    """Return the texts of the warm start: the lines of the plan's warm text, or its task's pairs."""
    plan = trainer.plan
    if plan.warm_lines:
        longest = plan.shape.max_length - 1
        lines = [Pair("", part) for line in plan.warm_lines for part in textwrap.wrap(line, longest)]
        order = torch.randperm(len(lines), generator=torch.Generator().manual_seed(plan.config.seed)).tolist()
        count = min(MOST_SET_ASIDE, int(SHARE_SET_ASIDE * len(lines)))
        return WarmTexts([lines[number] for number in order[count:]], [lines[number] for number in order[:count]])
    pairs = [Pair(pair.prompt, answer) for pair in plan.task.training for answer in pair.answers]
    return WarmTexts(pairs, plan.task.held_out[:MOST_SET_ASIDE])


def warm_up(trainer: Trainer, steps: int, progress: OnWarmStep | None = None) -> WarmStartResult:
    """Make at most `steps` updates by cross-entropy and Adam, then reset the trainer's own optimiser.

    `progress` is called after each step; an exception from it ends the warm start.
    """
    texts, generator = texts_of(trainer), torch.Generator().manual_seed(trainer.plan.config.seed)
    optimiser = Adam(trainer.policy.trainable_parameters())
    batch = min(trainer.plan.config.batch_size, len(texts.training))
    order: list[int] = []
    lowest, best, best_tensors, best_step, reached = math.inf, math.inf, trainer.policy.saved_state(), 0, None
    for step in range(1, steps + 1):
        if len(order) < batch:
            order = torch.randperm(len(texts.training), generator=generator).tolist()
        pairs, order = [texts.training[number] for number in order[:batch]], order[batch:]
        loss = _update(trainer, optimiser, pairs)
        if texts.set_aside and (step % EVALUATION_INTERVAL == 0 or step == steps):
            reached = median(cross_entropies(trainer.policy, texts.set_aside))
            lowest = min(lowest, reached)
            if reached <= max(lowest * (1 + RELATIVE_TOLERANCE), lowest + ABSOLUTE_TOLERANCE):
                best, best_step = reached, step
                best_tensors = {name: tensor.clone() for name, tensor in trainer.policy.saved_state().items()}
        if progress:
            progress(step, loss, reached)
        if step - best_step >= _PATIENCE * EVALUATION_INTERVAL and texts.set_aside:
            break
    if texts.set_aside:
        trainer.policy.load_state(best_tensors)
    trainer.new_optimiser()
    return WarmStartResult(best_step, best) if texts.set_aside else WarmStartResult(steps, None)


def _update(trainer: Trainer, optimiser: Adam, pairs: Sequence[Pair]) -> float:
    reading = trainer.policy.reading(pairs)
    loss = trainer.policy.losses(reading).mean()
    optimiser.clear()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(trainer.policy.trainable_parameters(), 1.0)
    optimiser.update(trainer.plan.spec.lr, trainer.plan.config.weight_decay)
    return loss.item()
