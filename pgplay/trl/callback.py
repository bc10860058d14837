"""A callback by which a training of TRL is a run of pgplay, to be watched while it grows."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable
from typing import Any

from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError, PgplayError, UnknownName, coded
from pgplay.locale.catalog import text_of
from pgplay.runs.store import RunStore
from pgplay.trackers.metric_names import metrics_of_trl
from pgplay.trl.completions import RewardTap
from pgplay.trl.described import config_of, trainer_name, untrained_rewards
from pgplay.trl.recorder import TrlRecorder

_SUMMARY = ("train_", "total_flos")
"""How the names begin of what a trainer logs once, about the whole training."""

_MOST_NAMESAKES = 100
"""Runs of one name, numbered from the second on; one more gets a name of its own."""

_Event = Callable[["TrlCallback", Any, Any, dict[str, Any]], None]


def _harmless(event: _Event) -> Callable[..., None]:
    """Return `event` as a trainer calls it, which never raises an exception into its training."""

    @functools.wraps(event)
    def called(self: TrlCallback, args: Any, state: Any, control: Any, **further: Any) -> None:
        if not state.is_world_process_zero:
            return
        try:
            event(self, args, state, further)
        except Exception as error:
            self._complain(error)

    return called


class TrlCallback:
    """Records a training of TRL as a run of pgplay: `trainer.add_callback(pgplay.TrlCallback(trainer))`.

    Beside the metrics that `trainer` logs, the run gets its completions with their rewards, which the reward functions
    tell; without `trainer`, metrics only. The app lists the run as `name` (empty: made of the date) and shows it while
    it grows; TRL alone can change or resume it. `start` is what stands before each prompt in the data set, which the
    run leaves out. A training that TRL resumes continues its run of that name. An error in here is reported once on
    standard error, and the training goes on.
    """

    def __init__(self, trainer: Any = None, *, name: str = "", start: str = "") -> None:
        self._trainer, self._name, self._start = trainer, name, start
        self._recorder: TrlRecorder | None = None
        self._tap: RewardTap | None = None
        self._untrained: set[str] = set()
        self._told: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        """Ignore every other event of a trainer."""
        if name.startswith("on_"):
            return _ignore
        raise AttributeError(name)

    @property
    def run(self) -> str:
        """The name of the run, empty until the training begins."""
        return self._recorder.store.name if self._recorder is not None else ""

    @_harmless
    def on_train_begin(self, args: Any, state: Any, further: dict[str, Any]) -> None:
        """Create the run, or continue it where TRL resumes a training."""
        self._end("paused", coded_ending="ending.interrupted")
        config = config_of(args, self._trainer, further.get("model"), state.max_steps)
        self._untrained = untrained_rewards(self._trainer)
        self._recorder = TrlRecorder(self._open(config, state.global_step))
        if getattr(self._trainer, "reward_funcs", None):
            self._tap = RewardTap(self._trainer, self._start, self._recorder.add, self._complain)
            if not self._tap.is_open:
                self._say(text_of("trl.reward_model"))
        self._say(text_of("trl.recording", {"name": self.run}))
        every = getattr(args, "logging_steps", 1)
        if every > 1:
            self._say(text_of("trl.logged_rarely", {"steps": every}))

    @_harmless
    def on_step_begin(self, args: Any, state: Any, further: dict[str, Any]) -> None:
        """Store the step before: all that there is to log about it has been logged."""
        if self._recorder is not None:
            self._recorder.flush()

    @_harmless
    def on_log(self, args: Any, state: Any, further: dict[str, Any]) -> None:
        """Take what the trainer logs."""
        logged = {name: value for name, value in further["logs"].items() if not name.startswith(_SUMMARY)}
        if self._recorder is not None and logged:
            self._recorder.log(state.global_step, metrics_of_trl(logged, self._untrained))

    @_harmless
    def on_train_end(self, args: Any, state: Any, further: dict[str, Any]) -> None:
        """End the run."""
        self._end("finished", "ending.steps", steps=state.global_step)

    def _complain(self, error: Exception) -> None:
        """Report `error` once; the training goes on."""
        reason = str(error) if isinstance(error, PgplayError) else f"{type(error).__name__}: {error}"
        self._say(text_of("trl.not_recorded", {"reason": " ".join(reason.split())}))

    def _open(self, config: RunConfig, step: int) -> RunStore:
        trainer = trainer_name()
        if step and self._name:
            with contextlib.suppress(UnknownName):
                store = RunStore.open(self._name)
                if store.trainer:
                    store.rewind(step)
                    store.event(step, "resume")
                    return store
                store.close()
        name = self._name
        for number in range(2, _MOST_NAMESAKES):
            try:
                return RunStore.create(config, name, trainer=trainer)
            except InputError as error:
                self._say(error.problem)
                if error.code != "run.taken":
                    break
                name = f"{self._name}-{number}"
        return RunStore.create(config, trainer=trainer)

    def _end(self, state: str, coded_ending: str, **values: Any) -> None:
        tap, recorder, self._tap, self._recorder = self._tap, self._recorder, None, None
        if tap is not None:
            tap.close()
        if recorder is not None:
            recorder.finish(state, coded(coded_ending, **values))

    def _say(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            sys.stderr.write(f"pgplay: {line}\n")


def _ignore(*args: Any, **further: Any) -> None:
    """Do nothing."""
