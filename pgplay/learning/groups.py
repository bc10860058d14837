"""The groups of a batch: the number of completions per prompt in a step."""

from __future__ import annotations

import math
from typing import NamedTuple

from pgplay.errors import InputError, coded
from pgplay.locale.catalog import Coded

GROUP_SIZE = 8
KNOWN_GROUP_SIZE, DENSE_GROUP_SIZE = 4, 2
"""Dense credit compares no completion with its group's, so more prompts per step teach more than larger groups. With
terminal credit the same holds, less strongly, if the edits still needed predict most of the reward."""


class Groups(NamedTuple):
    """The completions per prompt, and a note if that is not the usual number."""

    size: int
    note: Coded | None = None


def usual_size(credit: str, control_variate: str) -> int:
    """Return the default number of completions per prompt for a credit and a control variate."""
    if credit == "dense":
        return DENSE_GROUP_SIZE
    return KNOWN_GROUP_SIZE if control_variate == "potential" else GROUP_SIZE


def check_size(size: int, batch_size: int, prompts: int) -> None:
    """Refuse groups so small that a batch needs more prompts than the task has."""
    if batch_size // size > prompts:
        raise InputError(
            "plan.small_groups",
            field="group_size",
            size=size,
            batch_size=batch_size,
            needed=batch_size // size,
            prompts=prompts,
            least=math.ceil(batch_size / prompts),
        )


def choose(batch_size: int, prompts: int, usual: int) -> Groups:
    """Return the default groups of a batch: the divisor of `batch_size` nearest to `usual`.

    Nearest by ratio, the larger of two equally near ones, and never 1, which leaves nothing to compare with. With few
    prompts groups are larger; with a single prompt, the whole batch.
    """
    preferred = min(batch_size, max(usual, math.ceil(batch_size / prompts)))
    sizes = [size for size in range(2, batch_size + 1) if batch_size % size == 0 and batch_size // size <= prompts]
    size = min(sizes, key=lambda size: (abs(math.log(size / preferred)), -size))
    if prompts == 1 or size == preferred or batch_size % usual == 0:
        return Groups(size)
    below, above = batch_size // preferred * preferred, -(-batch_size // preferred) * preferred
    better = [below, above] if below else [above]
    note = coded("note.uneven_groups", size=size, batch_size=batch_size, preferred=preferred, better=better)
    return Groups(size, note)
