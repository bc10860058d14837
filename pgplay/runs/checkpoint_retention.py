"""Which checkpoints are kept along a run, so that any part of it can be revisited.

They lie evenly over the square root of the step: densely where a run changes fast, at its beginning, and ever thinner
after. However long the run, there are at most `MOST` of them, and they take at most `BUDGET` bytes, which a run of some
seconds has not yet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from pgplay.runs.checkpoint_files import forget_after, forget_steps, keep_last, kept_steps, tensors_size

MOST = 24
BUDGET = 96 * 1024 * 1024
"""Bytes; gru-small takes 4 MB a checkpoint, and a network that takes more than half of this leaves no trail."""
FIRST_BUDGET = 16 * 1024 * 1024
BUDGET_PER_SECOND = 512 * 1024
"""Bytes of the budget at first, and those that come with each second of training: a short run leaves little."""


class CheckpointRetention:
    """The checkpoints kept along one run."""

    def __init__(self, run_folder: Path) -> None:
        self._folder = run_folder
        self.steps = kept_steps(run_folder)

    def is_due(self, step: int) -> bool:
        """Tell whether the checkpoint of `step` is worth keeping: whether it lies far enough from the one before."""
        return not self.steps or is_spaced(self.steps[-1], step, MOST)

    def keep(self, seconds: float = math.inf) -> None:
        """Keep the last checkpoint, and those before it for which `seconds` of training leave room.

        Raises PgplayError.
        """
        size = tensors_size(self._folder)
        most = room_for(size, seconds) if size else MOST
        kept = thinned([*self.steps, keep_last(self._folder)], most)
        forget_steps(self._folder, set(kept_steps(self._folder)) - set(kept))
        self.steps = kept

    def cut(self, step: int) -> None:
        """Forget the checkpoints after `step`, as the run goes on from there."""
        forget_after(self._folder, step)
        self.steps = [earlier for earlier in self.steps if earlier <= step]


def room_for(size: int, seconds: float) -> int:
    """Return how many checkpoints of `size` bytes are kept of a run that was trained for so many seconds."""
    budget = min(BUDGET, FIRST_BUDGET + BUDGET_PER_SECOND * seconds)
    ends = min(2, BUDGET // size)  # the first and the last are kept from the beginning
    return min(MOST, max(ends, int(budget // size)))


def is_spaced(before: int, step: int, most: int) -> bool:
    """Tell whether `step` lies so far behind `before` that `most` such gaps reach back to the beginning."""
    return step > before and (math.sqrt(step) - math.sqrt(before)) * most >= math.sqrt(step)


def thinned(steps: Sequence[int], most: int) -> list[int]:
    """Return at most `most` of `steps` (in order), as evenly over their square roots as they allow.

    The first and the last stay; fewer than two have no room and none is kept.
    """
    kept = sorted(set(steps))
    if most < 2:
        return []
    while len(kept) > most:
        gaps = [math.sqrt(kept[place + 1]) - math.sqrt(kept[place - 1]) for place in range(1, len(kept) - 1)]
        del kept[1 + gaps.index(min(gaps))]
    return kept
