"""The groups of a batch: how many completions one prompt gets in a step."""

from __future__ import annotations

import math
from typing import NamedTuple

from pgplay.errors import InputError

GROUP_SIZE = 8
KNOWN_GROUP_SIZE, DENSE_GROUP_SIZE = 4, 2
"""Dense credit compares no completion with its group's, so more prompts per step teach more than larger groups. With
terminal credit the same holds, less strongly, if the edits still needed predict most of the reward."""


class Groups(NamedTuple):
    """The completions of one prompt, and a sentence where that is not the usual number; empty otherwise."""

    size: int
    note: str = ""


def usual_size(credit: str, control_variate: str) -> int:
    """Return how many completions of one prompt suit a credit and a control variate."""
    if credit == "dense":
        return DENSE_GROUP_SIZE
    return KNOWN_GROUP_SIZE if control_variate == "potential" else GROUP_SIZE


def check_size(size: int, batch_size: int, prompts: int) -> None:
    """Refuse groups so small that a batch of them needs more prompts than there are."""
    if batch_size // size > prompts:
        raise InputError(
            f"Groups of {size} in a batch of {batch_size} need {batch_size // size} prompts; the task has {prompts}.",
            f"Choose a group_size of at least {math.ceil(batch_size / prompts)}.",
            field="group_size",
        )


def choose(batch_size: int, prompts: int, usual: int) -> Groups:
    """Return the groups of a batch whose size nobody chose: the divisor of `batch_size` that is nearest to `usual`.

    Nearest by ratio, of two as near the larger, and never 1, as a completion alone has none to be compared with. With
    few prompts a group takes more, with a single one all of the batch.
    """
    wanted = min(batch_size, max(usual, math.ceil(batch_size / prompts)))
    sizes = [size for size in range(2, batch_size + 1) if batch_size % size == 0 and batch_size // size <= prompts]
    size = min(sizes, key=lambda size: (abs(math.log(size / wanted)), -size))
    if prompts == 1 or size == wanted or batch_size % usual == 0:
        return Groups(size)
    below, above = batch_size // wanted * wanted, -(-batch_size // wanted) * wanted
    better = f"{below} or {above}" if below else f"{above}"
    return Groups(
        size,
        f"Each prompt gets {size} completions per step, as batch_size {batch_size} is no multiple of {wanted}; "
        f"{better} would give it {wanted}.",
    )
