"""The order of prompts, the same for every learner with the same seed."""

from __future__ import annotations

import torch


def next_prompts(
    waiting: list[int], batch: int, count: int, generator: torch.Generator
) -> tuple[list[int], list[int]]:
    """Return the numbers of the `batch` next prompts out of `count`, and those waiting for later steps.

    Every prompt comes once, in random order, before any repeats.
    """
    if len(waiting) < batch:
        order = torch.randperm(count, generator=generator).tolist()
        # No step has a prompt twice: waiting prompts keep their place, and come again later.
        already_waiting = set(waiting)
        ahead = [number for number in order if number not in already_waiting][: batch - len(waiting)]
        next_numbers = set(ahead)
        waiting = waiting + ahead + [number for number in order if number not in next_numbers]
    return waiting[:batch], waiting[batch:]
