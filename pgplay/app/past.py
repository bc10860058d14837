"""A stored run as it was at any of its steps: curves, numbers, samples, and the checkpoints to go on from."""

from __future__ import annotations

import bisect
import sys
from typing import NamedTuple

from pgplay.app.history import History
from pgplay.app.recall import recall
from pgplay.config import RunConfig
from pgplay.learning.report import Sample
from pgplay.runs.checkpoint_files import all_checkpoints
from pgplay.runs.reader import Parent, RunReader


class Moment(NamedTuple):
    """What a run told at `step`; `samples` are those of `sampled_at`, the last step up to there that kept any."""

    step: int
    metrics: dict[str, float]
    samples: tuple[Sample, ...]
    sampled_at: int


class Past:
    """Reads a run's store, also while the run is trained; to be closed."""

    def __init__(self, run: str) -> None:
        """Raises InputError for an unknown run, PgplayError for a damaged one."""
        self._store = RunReader.open(run)
        self.run = run
        self.history = History()
        self.stops: list[int] = []
        self.checkpoints: list[int] = []
        self._seen: tuple[object, ...] = ()
        self.refresh()

    @property
    def config(self) -> RunConfig:
        """The settings with which the run began."""
        return self._store.config

    @property
    def parent(self) -> Parent | None:
        """The run that this one is a branch of, and the step at which it left it."""
        return self._store.parent

    @property
    def state(self) -> str:
        """What the run said last: solved, finished, failed, paused or training."""
        return self._store.state

    @property
    def last_step(self) -> int:
        """The last step of the run."""
        return self.history.last_step

    def refresh(self) -> bool:
        """Read what came since, and tell whether anything did; raises PgplayError."""
        before = self._seen
        recall(self.history, self.run, sys.maxsize)
        self.stops = self._store.sampled_steps()
        self.checkpoints = list(all_checkpoints(self._store.folder))
        self._seen = (self.last_step, len(self.checkpoints), self.state)
        return before != self._seen

    def at(self, step: int) -> Moment:
        """Return how the run was at `step`; raises PgplayError."""
        rows = self._store.rows(after_step=step - 1, limit=1)
        metrics = rows[0][1] if rows and rows[0][0] == step else {}
        place = bisect.bisect_right(self.stops, step)
        return Moment(step, metrics, self._store.samples(step), self.stops[place - 1] if place else 0)

    def checkpoint_before(self, step: int) -> int | None:
        """Return the last checkpoint at or before `step`; None where there is none."""
        place = bisect.bisect_right(self.checkpoints, step)
        return self.checkpoints[place - 1] if place else None

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()
