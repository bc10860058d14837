"""Which prompts come next: the same ones in the same order for every learner of a seed."""

from __future__ import annotations

import torch


def next_prompts(
    waiting: list[int], wanted: int, count: int, generator: torch.Generator
) -> tuple[list[int], list[int]]:
    """Return the numbers of the `wanted` next prompts out of `count`, and those that wait for the steps after.

    Each prompt comes once, in random order, before any comes again.
    """
    if len(waiting) < wanted:
        order = torch.randperm(count, generator=generator).tolist()
        # A step never asks the same prompt twice: what waits already goes on waiting for its second turn.
        held = set(waiting)
        ahead = [number for number in order if number not in held][: wanted - len(waiting)]
        taken = set(ahead)
        waiting = waiting + ahead + [number for number in order if number not in taken]
    return waiting[:wanted], waiting[wanted:]
