"""The checkpoints, task and log that a session stores beside metrics."""

from __future__ import annotations

import math
import time
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from pgplay.config.run_config import to_settings
from pgplay.errors import PgplayError
from pgplay.files.atomic import as_user_errors, write_atomically
from pgplay.learning.learner import Learner, LearnerState
from pgplay.learning.reports.step_report import StepReport
from pgplay.locale.catalog import Coded
from pgplay.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pgplay.runs.checkpoint_content import KEPT, REWARD_SOURCE, TASK, Content, kept_python, read_content
from pgplay.runs.checkpoint_files import CheckpointBytes
from pgplay.runs.checkpoint_retention import CheckpointRetention
from pgplay.runs.store import RunStore
from pgplay.runs.summaries import delete_run
from pgplay.worker.session.live_reward import LiveRewards

CHECKPOINT_INTERVAL = 5.0
"""Seconds between checkpoints while training; at most this much is lost after kill -9."""
BEST_INTERVAL = 1.0
"""Seconds between copies of the best policy so far."""
TRAIL_INTERVAL = 0.2
"""Minimum seconds between checkpoints that are kept along the run."""
_SHARE_OF_TIME = 0.05
"""The largest share of the time that checkpoints may take."""
_SCORE = ("greedy_reward", "reward_mean")
"""The metrics that rank steps, the most important first."""


class ReopenedRun(NamedTuple):
    """A run read back from its folder."""

    store: RunStore
    content: Content
    state: LearnerState
    note: Coded | None


def open_run(run: str, undo: ExitStack) -> ReopenedRun:
    """Return the stored `run`, claimed for training, at its newest usable checkpoint; `undo` closes its store.

    Raises InputError and PgplayError.
    """
    store = undo.enter_context(RunStore.open(run))
    store.refuse_other_trainer()
    store.claim()
    contents: list[Content] = []

    def accept(candidate: CheckpointBytes) -> None:
        contents.append(read_content(store.folder, candidate))

    checkpoint = load_checkpoint(store.folder, "last", accept)
    content = contents[-1]
    return ReopenedRun(store, content, LearnerState(checkpoint.tensors, content.learner), checkpoint.note)


def forget(store: RunStore) -> None:
    """Delete a run that could not begin."""
    store.close()
    with suppress(PgplayError):
        delete_run(store.name)


class Checkpointer:
    """Decides when a checkpoint is due and writes it, without drawing or changing random numbers."""

    def __init__(self, store: RunStore, learner: Learner, rewards: LiveRewards) -> None:
        self._store = store
        self._learner = learner
        self._rewards = rewards
        self.threads: int | None = None
        self.is_damaged = False
        self.checkpoint_step: int | None = None
        self.notes: tuple[Coded, ...] = ()
        self._is_stale = True
        self._trail = CheckpointRetention(store.folder)
        self._next = time.monotonic() + CHECKPOINT_INTERVAL
        self._next_trail = 0.0
        self._best: tuple[float, ...] = (-math.inf, -math.inf)
        self._best_checkpoint: Checkpoint | None = None
        self._next_best = 0.0

    def begin(self) -> None:
        """Begin with the checkpoint that the new run's folder holds."""
        self.checkpoint_step, self._is_stale = self._learner.counters.steps, False
        self._next_trail = time.monotonic() + TRAIL_INTERVAL

    def resume(self, note: Coded | None) -> None:
        """Continue from the checkpoint that the learner was restored from, and forget later steps."""
        step = self._learner.counters.steps
        self._store.rewind(step)
        self._best = self._store.best(_SCORE)
        self._trail.cut(step)
        if note or self._store.parent is None or self._store.parent.step != step:  # a branch has its own event
            self._store.event(step, "resume", note)
        self.notes = (note,) if note else ()
        self.checkpoint_step, self._is_stale = step, False
        if not note and self._trail.is_due(step):  # with a note, the last checkpoint is damaged
            self._trail.keep(self._learner.counters.seconds)
        self.note_edited_reward()

    def note_edited_reward(self) -> bool:
        """Store that the reward's file was saved while the run rested, as a change; returns whether it was."""
        rewards = self._rewards
        if not rewards.has_unstored_edit:
            return False
        change = {"reward": rewards.scorer.text, "reward_source": rewards.source}
        self._store.change_event(self._learner.counters.steps, change)
        rewards.has_unstored_edit = False
        self.note_change()
        return True

    def after_step(self, report: StepReport) -> None:
        """Rank the step, and write a checkpoint if one is due; raises PgplayError if it can't be written."""
        self._is_stale = True
        now = time.monotonic()
        score = _score(report.metrics)
        if score > self._best and (now >= self._next_best or report.solved):
            self._best = score
            self._best_checkpoint = self._take()
            self._next_best = time.monotonic() + max(BEST_INTERVAL, (time.monotonic() - now) / _SHARE_OF_TIME)
        if now >= self._next or (now >= self._next_trail and self._trail.is_due(report.step)):
            self.checkpoint()

    def note_change(self) -> None:
        """Have the next checkpoint written even without a further step: settings were changed, or the policy."""
        self._is_stale = True
        self._keep_source()

    def checkpoint(self) -> None:
        """Write a checkpoint, and the best one if it is new; raises PgplayError where they can't be written.

        It is kept along the run if it is far enough from the one before. A damaged run writes none.
        """
        if self.is_damaged or not self._is_stale:
            return
        began = time.monotonic()
        checkpoint = self._take()
        self._store.check_place()  # last, as writing makes the folder where it is missing
        save_checkpoint(self._store.folder, checkpoint)
        self.checkpoint_step, self._is_stale = self._learner.counters.steps, False
        if self._best_checkpoint is not None:
            save_checkpoint(self._store.folder, self._best_checkpoint, "best")
            self._best_checkpoint = None
        if self._trail.is_due(self.checkpoint_step):
            self._trail.keep(self._learner.counters.seconds)
        ended = time.monotonic()
        self._next_trail = ended + max(TRAIL_INTERVAL, (ended - began) / _SHARE_OF_TIME)
        self._next = max(ended + CHECKPOINT_INTERVAL, self._next_trail)

    def log(self, text: str) -> None:
        """Add `text` to the run's log; raises PgplayError where it can't be written."""
        self._store.check_place()
        path = self._store.log_path
        line = f"{datetime.now().isoformat(timespec='seconds')}  {text}\n"
        with (
            as_user_errors("action.log", path),
            path.open("a", encoding="utf-8", errors="backslashreplace") as log,
        ):
            log.write(line)

    def _keep_source(self) -> None:
        """Write a person's Python beside the run for people to read; resuming reads the checkpoint's."""
        _keep_source(self._store.folder, self._rewards)

    def _take(self) -> Checkpoint:
        return _checkpoint_of(self._learner, self._rewards, self.threads)


def fill(folder: Path, learner: Learner, rewards: LiveRewards, threads: int | None) -> None:
    """Write the task and the first checkpoint into a new run's `folder`, so that it can always be resumed."""
    checkpoint = _checkpoint_of(learner, rewards, threads)
    if learner.plan.config.task:
        write_atomically(folder / TASK, msgspec.json.encode(learner.plan.task))
    _keep_source(folder, rewards)
    save_checkpoint(folder, checkpoint)
    CheckpointRetention(folder).keep(learner.counters.seconds)


def _keep_source(folder: Path, rewards: LiveRewards) -> None:
    if rewards.source:
        write_atomically(folder / REWARD_SOURCE, rewards.source.encode(errors="surrogatepass"))


def _checkpoint_of(learner: Learner, rewards: LiveRewards, threads: int | None) -> Checkpoint:
    plan, state = learner.plan, learner.state()
    return Checkpoint(
        state.tensors,
        {
            "step": learner.counters.steps,
            "settings": to_settings(plan.written),
            "shape": msgspec.to_builtins(plan.shape),
            "threads": threads,
            "reward": [rewards.source, rewards.file.stamp],
            KEPT: kept_python(rewards.specs),
            "trainer": state.values,
        },
    )


def _score(metrics: dict[str, float]) -> tuple[float, ...]:
    """Return the step's rank: the greedy reward, then the mean."""
    return tuple(metrics.get(name, -math.inf) for name in _SCORE)
