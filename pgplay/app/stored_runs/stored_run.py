"""A stored run at any of its steps: curves, metrics, samples and checkpoints."""

from __future__ import annotations

import bisect
from typing import NamedTuple

from pgplay.app.state.metric_history import History
from pgplay.app.stored_runs.load_history import follow, read_past
from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError
from pgplay.learning.reports.step_report import Sample
from pgplay.runs.reader import Parent, RunReader


class StoredStep(NamedTuple):
    """A run's metrics at `step`, and its `samples` at `sampled_at`, the last step up to there with any."""

    step: int
    metrics: dict[str, float]
    samples: tuple[Sample, ...]
    sampled_at: int


class StoredRun:
    """Reads a run's store, also while the run is trained; to be closed.

    `parent` is the run that this one is a branch of; `trainer` is empty if pgplay trains it; `state` is its last state:
    solved, finished, failed, paused or training.
    """

    def __init__(self, store: RunReader) -> None:
        """Raises PgplayError for a damaged run; the store is closed then."""
        self._store = store
        self.run = store.name
        self.history = History()
        try:
            self.history.precede(read_past(self._store))
            self.parent: Parent | None = self._store.parent
            self.trainer = self._store.trainer
            self._look()
        except BaseException:
            self._store.close()
            raise

    @property
    def config(self) -> RunConfig:
        """The settings that the run began with."""
        return self._store.config

    @property
    def refusal(self) -> InputError:
        """Why pgplay starts no run like this one, which another trainer trains."""
        return InputError("run.other_trainer", name=self.run, trainer=self.trainer)

    @property
    def last_step(self) -> int:
        """The last step of the run."""
        return self.history.last_step

    def refresh(self) -> bool:
        """Read new steps and return whether anything changed; raises PgplayError."""
        before = self._seen
        follow(self.history, self._store)
        self._look()
        return before != self._seen

    def _look(self) -> None:
        self.state = self._store.state
        # A run in training may add steps between these reads.
        self.stops = [step for step in self._store.sampled_steps() if step <= self.last_step]
        self.checkpoints = [step for step in self._store.checkpoints() if step <= self.last_step]
        self._seen = (self.last_step, len(self.checkpoints), self.state)

    def at(self, step: int) -> StoredStep:
        """Return the run at `step`; raises PgplayError."""
        place = bisect.bisect_right(self.stops, step)
        return StoredStep(step, self._store.row(step), self._store.samples(step), self.stops[place - 1] if place else 0)

    def finding_at(self, step: int) -> str:
        """Return the newest finding that the run has stored up to `step`, empty without one."""
        found = [event for event in self._store.events() if event.kind == "finding" and event.step <= step]
        return f"Step {found[-1].step:,}: {found[-1].words}" if found else ""

    def checkpoint_before(self, step: int) -> int | None:
        """Return the last checkpoint at or before `step`; None without one."""
        place = bisect.bisect_right(self.checkpoints, step)
        return self.checkpoints[place - 1] if place else None

    def close(self) -> None:
        """Close the store."""
        self._store.close()
