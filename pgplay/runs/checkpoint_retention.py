"""Which checkpoints are kept along a run, so that any part of it can be revisited.

They are spaced evenly over the square root of the step: densely at the beginning, where a run changes fast, and ever
more sparsely later. There are at most `MOST_CHECKPOINTS` of them, in at most `TRAIL_BYTES`; a run of a few seconds
gets less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from pgplay.runs.checkpoint_files import forget_after, forget_steps, keep_last, kept_steps, tensors_size

MOST_CHECKPOINTS = 24
TRAIL_BYTES = 96 * 1024 * 1024
"""Bytes. A checkpoint of gru-small takes 4 MB; a network that takes more than half of the budget keeps none."""
FIRST_TRAIL_BYTES = 16 * 1024 * 1024
TRAIL_BYTES_PER_SECOND = 512 * 1024
"""The budget's bytes at first, and its growth per second of training: a short run leaves little on the disk."""


class CheckpointRetention:
    """The checkpoints kept along one run."""

    def __init__(self, run_folder: Path) -> None:
        self._folder = run_folder
        self.steps = kept_steps(run_folder)

    def is_due(self, step: int) -> bool:
        """Return whether the checkpoint of `step` is far enough from the one before to be kept."""
        return not self.steps or is_spaced(self.steps[-1], step, MOST_CHECKPOINTS)

    def keep(self, seconds: float = math.inf) -> None:
        """Keep the last checkpoint, and the earlier ones that the budget after `seconds` of training has room for.

        Raises PgplayError.
        """
        size = tensors_size(self._folder)
        most = room_for(size, seconds) if size else MOST_CHECKPOINTS
        steps = thinned([*self.steps, keep_last(self._folder)], most)
        forget_steps(self._folder, set(kept_steps(self._folder)) - set(steps))
        self.steps = steps

    def cut(self, step: int) -> None:
        """Forget the checkpoints after `step`, as the run continues from there."""
        forget_after(self._folder, step)
        self.steps = [earlier for earlier in self.steps if earlier <= step]


def room_for(size: int, seconds: float) -> int:
    """Return how many checkpoints of `size` bytes are kept of a run after `seconds` of training."""
    budget = min(TRAIL_BYTES, FIRST_TRAIL_BYTES + TRAIL_BYTES_PER_SECOND * seconds)
    ends = min(2, TRAIL_BYTES // size)  # the first and the last are kept from the beginning
    return min(MOST_CHECKPOINTS, max(ends, int(budget // size)))


def is_spaced(before: int, step: int, most: int) -> bool:
    """Return whether `most` gaps as large as that from `before` to `step` reach back to the beginning."""
    return step > before and (math.sqrt(step) - math.sqrt(before)) * most >= math.sqrt(step)


def thinned(steps: Sequence[int], most: int) -> list[int]:
    """Return at most `most` of `steps` (in order), as evenly over their square roots as they allow.

    The first and the last are always spaced; with room for fewer than two, none is.
    """
    spaced = sorted(set(steps))
    if most < 2:
        return []
    while len(spaced) > most:
        gaps = [math.sqrt(spaced[place + 1]) - math.sqrt(spaced[place - 1]) for place in range(1, len(spaced) - 1)]
        del spaced[1 + gaps.index(min(gaps))]
    return spaced
