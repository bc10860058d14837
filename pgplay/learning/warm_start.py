"""The warm start: cross-entropy on the task's own targets, or on the lines of a text, before the policy gradient.

Where texts can be set aside, it stops early: once their median cross-entropy has not fallen for a while, the policy
goes back to what it was when it was lowest, or nearly so. What is set aside is the task's held-out pairs, or a share of
a text's lines. It is not their mean, because some of them nothing foretells (an idiom, a name): being sure of something
else there costs ever more, and would end it while all others are still learnt. On `french` the mean was lowest after 75
steps with one seed, with 0.68 of the held-out sentences right; the median after 300, with 0.89.
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
from pgplay.learning.trainer import Trainer
from pgplay.tasks.task import Pair

CHECK_INTERVAL = 25
"""Steps between two looks at what was set aside."""
TOLERANCE, NEAR = 0.02, 0.01
"""A share, and nats a token, by which the median of some dozen texts differs by chance. Of policies as near as that the
later one is kept, which has learnt more: on `french`, with one seed, all 300 sentences and not 295."""
PATIENCE = 8
"""Looks without a lower median after which it stops."""
MOST_SET_ASIDE = 256
SHARE_SET_ASIDE = 0.1

Progress = Callable[[int, float, float | None], None]
"""Hears each step, its loss, and the newest median cross-entropy of what was set aside; None where nothing is."""


class Texts(NamedTuple):
    """What a warm start learns from, and what it only looks at."""

    learnt: Sequence[Pair]
    set_aside: Sequence[Pair]


class Ended(NamedTuple):
    """After how many steps the warm start ended, and at which median cross-entropy of what was set aside, if any."""

    steps: int
    cross_entropy: float | None


def texts_of(trainer: Trainer) -> Texts:
    """Return what the warm start of the trainer's plan learns from: the lines of its text, or its task's pairs."""
    plan = trainer.plan
    if plan.warm_lines:
        longest = plan.shape.max_length - 1
        lines = [Pair("", part) for line in plan.warm_lines for part in textwrap.wrap(line, longest)]
        order = torch.randperm(len(lines), generator=torch.Generator().manual_seed(plan.config.seed)).tolist()
        count = min(MOST_SET_ASIDE, int(SHARE_SET_ASIDE * len(lines)))
        return Texts([lines[number] for number in order[count:]], [lines[number] for number in order[:count]])
    pairs = [Pair(pair.prompt, answer) for pair in plan.task.training for answer in pair.answers]
    return Texts(pairs, plan.task.held_out[:MOST_SET_ASIDE])


def warm_up(trainer: Trainer, steps: int, progress: Progress | None = None) -> Ended:
    """Make at most `steps` updates by cross-entropy; the optimiser forgets them afterwards.

    `progress` is told each step; what it raises ends the warm start.
    """
    texts, generator = texts_of(trainer), torch.Generator().manual_seed(trainer.plan.config.seed)
    batch = min(trainer.plan.config.batch_size, len(texts.learnt))
    order: list[int] = []
    lowest, kept, kept_tensors, kept_step, reached = math.inf, math.inf, trainer.policy.saved_state(), 0, None
    for step in range(1, steps + 1):
        if len(order) < batch:
            order = torch.randperm(len(texts.learnt), generator=generator).tolist()
        pairs, order = [texts.learnt[number] for number in order[:batch]], order[batch:]
        loss = _update(trainer, pairs)
        if texts.set_aside and (step % CHECK_INTERVAL == 0 or step == steps):
            reached = median(cross_entropies(trainer.policy, texts.set_aside))
            lowest = min(lowest, reached)
            if reached <= max(lowest * (1 + TOLERANCE), lowest + NEAR):
                kept, kept_step = reached, step
                kept_tensors = {name: tensor.clone() for name, tensor in trainer.policy.saved_state().items()}
        if progress:
            progress(step, loss, reached)
        if step - kept_step >= PATIENCE * CHECK_INTERVAL and texts.set_aside:
            break
    if texts.set_aside:
        trainer.policy.load_state(kept_tensors)
    trainer.new_optimiser()
    return Ended(kept_step, kept) if texts.set_aside else Ended(steps, None)


def _update(trainer: Trainer, pairs: Sequence[Pair]) -> float:
    reading = trainer.policy.reading(pairs)
    loss = trainer.policy.losses(reading).mean()
    trainer.optimiser.clear()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(trainer.policy.trainable_parameters(), 1.0)
    trainer.optimiser.update(trainer.plan.spec.lr, trainer.plan.config.weight_decay)
    return loss.item()
