"""Training a run in the person's process."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pgplay.api.description import Description, RewardLike, given
from pgplay.api.notebook import LivePicture
from pgplay.api.run import TrainedRun
from pgplay.api.worker_training import WorkerTraining
from pgplay.config.changes import Changes
from pgplay.errors import coded
from pgplay.learning.inputs import read_inputs
from pgplay.learning.reports.step_report import StepReport
from pgplay.library.policies import check_policy_name
from pgplay.locale.catalog import Coded
from pgplay.runs.branches import branch_run
from pgplay.trackers.tracking import Tracking
from pgplay.worker.protocol.commands import Save, Start
from pgplay.worker.session.failures import keep_failure
from pgplay.worker.session.session import Session


def train(
    target: str | None = None,
    *,
    reward: RewardLike | None = None,
    measure: RewardLike | Sequence[RewardLike] = (),
    preset: str | None = None,
    name: str = "",
    save: str = "",
    replace: bool = False,
    track: str | None = None,
    in_worker: bool = False,
    on_step: Callable[[StepReport], object] | None = None,
    **settings: Any,
) -> TrainedRun:
    """Train a policy until it is solved or a limit is reached, and return its stored run.

    `target`, `preset`, `measure` and `settings` are the options of `pgplay train` with underscores, such as
    `batch_size=64`. `reward` and `measure` may be functions of this process; what a run keeps of them is their source.
    `on_step` is called with the report of each step. `save` keeps the policy in the library under that name; `replace`
    overwrites one. `track` names a tracker that follows the run, such as `tensorboard:logs`. A notebook shows the
    curves meanwhile. Ctrl-C, or a notebook's stop button, pauses the run, which is returned.

    With `in_worker`, the run trains in a process of its own, from which this one takes nothing but its reports: a
    function is then passed on as its source, which must need nothing outside of it, and `on_step` is called in another
    thread, at most ten times a second.

    Raises InputError for what the command line refuses, RewardError if a reward fails, and PgplayError; the run is then
    kept up to its last checkpoint.
    """
    description = Description(given(settings, target=target, reward=reward, measure=measure), preset)
    config = description.config()
    save = _checked(save, replace=replace)
    with Tracking(track, warnings.warn) as tracking:
        watcher = _Watcher(tracking, on_step)
        if in_worker:
            start = Start(config=config, rewards=description.rewards_for_worker(config), name=name)
            policy = Save(name=save, replace=replace) if save else None
            run = WorkerTraining(start, policy, watcher.begin, watcher.show).train()
        else:
            session = Session.begin(config, read_inputs(config), rewards=description.rewards(config), name=name)
            run = session.run
            with _closing(session):
                _train_session(session, watcher, save, replace=replace)
        watcher.end()
    return TrainedRun(run)


def resume(
    run: str,
    *,
    reward: RewardLike | None = None,
    at: int | None = None,
    save: str = "",
    replace: bool = False,
    track: str | None = None,
    on_step: Callable[[StepReport], object] | None = None,
    **settings: Any,
) -> TrainedRun:
    """Continue the stored `run` from its last checkpoint, or as a new run from the one `at` that step; return it.

    `reward` and `settings` are changed before its next step: those that can change during a run, such as `lr`, and its
    limits. Everything else is as with `train`. Raises what `train` does, InputError also for an unknown run and for
    Python of others that was not allowed before.
    """
    description = Description(given(settings, reward=reward))
    changes = Changes.of(description.settings)
    save = _checked(save, replace=replace)
    with Tracking(track, warnings.warn) as tracking:
        watcher = _Watcher(tracking, on_step)
        session = Session.resume(run if at is None else branch_run(run, at))
        with _closing(session):
            if named := changes.by_name():
                session.change(changes, [description.spec(named["reward"])] if "reward" in named else [])
            _train_session(session, watcher, save, replace=replace)
        watcher.end()
    return TrainedRun(session.run)


def _checked(policy: str, *, replace: bool) -> str:
    """Return the name to save a policy under; raises InputError for one that is refused or taken."""
    return check_policy_name(policy, replace, "advice.replace_argument") if policy else ""


class _Watcher:
    """Whoever follows a run: its tracker, the picture in a notebook, and the caller's own function."""

    def __init__(self, tracking: Tracking, on_step: Callable[[StepReport], object] | None) -> None:
        self._tracking = tracking
        self._on_step = on_step
        self._picture: LivePicture | None = None

    def begin(self, run: str) -> None:
        """Start following the run called `run`."""
        self._tracking.follow(run)
        self._picture = LivePicture.begin(run)

    def show(self, report: StepReport) -> None:
        """Take in a step."""
        if self._on_step is not None:
            self._on_step(report)
        if self._picture is not None:
            self._picture.show()

    def end(self) -> None:
        """Show the whole run."""
        if self._picture is not None:
            self._picture.show(at_once=True)


@contextmanager
def _closing(session: Session) -> Iterator[None]:
    """Close the session at the end; a run that has not ended is then paused."""
    try:
        yield
    finally:
        session.close("paused")


def _train_session(session: Session, watcher: _Watcher, save: str, *, replace: bool) -> None:
    """Train until the run ends or is interrupted, and save the policy where asked."""
    _run_session(session, watcher)
    if save:
        session.save_policy(save, replace=replace)


def _run_session(session: Session, watcher: _Watcher) -> None:
    """Step until the run ends or is interrupted; the run then rests in that state."""
    ending: tuple[str, Coded] = "paused", coded("ending.interrupted")
    watcher.begin(session.run)
    try:
        while not (ended := session.should_stop()):
            watcher.show(session.step())
        ending = ended.state, ended.reason
    except KeyboardInterrupt:
        pass
    except Exception as error:
        keep_failure(session, error)
        raise
    session.rest(*ending)
