"""A stored sweep as its runs stand now, whoever trains them: read from the stores, so that it can be followed live."""

from __future__ import annotations

import statistics
from typing import Literal, NamedTuple

from pgplay.config.run_config import make_config, to_settings
from pgplay.experiments.recipes import RecipeEntry
from pgplay.experiments.stored import ENDED, FAILED, StoredRuns, run_key, stored_outcome
from pgplay.experiments.summary import Summary, summarise
from pgplay.experiments.sweeps import FailedStart, Sweep, SweepState, open_sweep, plan_in
from pgplay.experiments.trials import Trial
from pgplay.experiments.yardstick import Yardstick, choose_yardstick
from pgplay.files.atomic import kept_folders
from pgplay.paths import runs_folder
from pgplay.runs.summaries import RunSummary, list_runs, summary_of
from pgplay.worker.client.pool import RunOutcome

SeedState = Literal["waiting", "training", "interrupted", "reached", "not reached", "failed"]


class SeedRun(NamedTuple):
    """One seed of a row: its trial, its state and its run so far; `run` is empty where none is stored."""

    trial: Trial
    state: SeedState
    run: str = ""
    steps: int = 0
    reward: float | None = None

    @property
    def seed(self) -> int:
        """The seed."""
        return self.trial.config.seed


class SweepView(NamedTuple):
    """A sweep at one moment: the seeds of each row, in the order in which they are trained."""

    sweep: Sweep
    entries: tuple[RecipeEntry, ...]
    yardstick: Yardstick
    state: SweepState
    rows: tuple[tuple[SeedRun, ...], ...]

    @property
    def seed_runs(self) -> list[SeedRun]:
        """The seeds of all rows."""
        return [seed_run for row in self.rows for seed_run in row]

    @property
    def trials(self) -> list[Trial]:
        """The trials of all rows."""
        return [seed_run.trial for seed_run in self.seed_runs]

    @property
    def ended(self) -> int:
        """How many runs ended by themselves or failed."""
        return sum(trial.ended for trial in self.trials)

    @property
    def seconds_left(self) -> float | None:
        """About how long the runs that are left take; None before the first ended."""
        return self.seconds_for(len(self.trials) - self.ended)

    def seconds_for(self, runs: int) -> float | None:
        """Return about how long `runs` further runs take, if each is as long as those that ended; None without any."""
        durations = [trial.report.seconds for trial in self.trials if trial.ended and trial.report is not None]
        return runs * statistics.fmean(durations) / self.sweep.plan.jobs if durations else None

    def summary(self) -> Summary:
        """Return what the ended runs say; takes a second or more at first, as scipy is loaded."""
        return summarise(self.entries, self.trials, self.yardstick, len(self.sweep.plan.looks))


class SweepReader:
    """Reads a sweep again and again; only what may have changed is read anew."""

    def __init__(self, name: str) -> None:
        """Raises InputError for an unknown sweep, PgplayError for a damaged one."""
        self._sweep = open_sweep(name)
        self.entries = tuple(self._sweep.entries)
        self._yardstick = choose_yardstick(self.entries, self._sweep.plan.ranked_by)
        self._runs: dict[str, RunSummary] = {}
        self._outcomes: dict[str, RunOutcome] = {}

    def look(self) -> SweepView:
        """Return the sweep as it is now; raises PgplayError where it can't be read."""
        self._sweep = self._sweep._replace(plan=plan_in(self._sweep.folder))
        state = self._sweep.state  # before its runs are read: what ends meanwhile is seen next time
        self._read_runs()
        plan = self._sweep.plan
        stored = StoredRuns(self._runs.values(), plan.identity, takes_others=plan.takes_others)
        starts = {(start.row, start.seed): start for start in plan.failed_starts}
        rows = tuple(
            tuple(
                self._seed_run(place, seed, stored, starts.get((place, seed)))
                for seed in plan.seeds
            )
            for place in range(len(self.entries))
        )
        return SweepView(self._sweep, self.entries, self._yardstick, state, rows)

    def _read_runs(self) -> None:
        if not self._runs:
            self._runs = {run.name: run for run in list_runs()}
            return
        folders = {folder.name: folder for folder in kept_folders(runs_folder())}
        self._runs = {
            name: summary_of(folder) if self._may_have_changed(name) else self._runs[name]
            for name, folder in folders.items()
        }

    def _may_have_changed(self, name: str) -> bool:
        run = self._runs.get(name)
        if run is None:
            return True
        plan = self._sweep.plan
        return run.state not in ENDED and (run.sweep == plan.identity or (plan.takes_others and run.state != FAILED))

    def _seed_run(self, place: int, seed: int, stored: StoredRuns, start: FailedStart | None) -> SeedRun:
        entry = self.entries[place]
        trial = Trial(place, make_config({"seed": seed}, entry.config), None)
        run = stored.run_of(run_key(to_settings(trial.config)), has_python=entry.has_python)
        if run is not None:
            if run.state in (*ENDED, FAILED):
                trial = trial._replace(outcome=self._outcome(run))
            return SeedRun(trial, _state(trial, run), run.name, run.steps, run.last_reward)
        if start is not None:
            return SeedRun(trial._replace(outcome=RunOutcome("failed", start.reason)), "failed")
        return SeedRun(trial, "waiting")

    def _outcome(self, run: RunSummary) -> RunOutcome:
        key = f"{run.name}/{run.state}/{run.steps}"
        if key not in self._outcomes:
            self._outcomes[key] = stored_outcome(run.name)
        return self._outcomes[key]


def _state(trial: Trial, run: RunSummary) -> SeedState:
    if trial.failed:
        return "failed"
    if trial.ended:
        return "reached" if trial.reached else "not reached"
    return "training" if run.state in ("training", "preparing") else "interrupted"
