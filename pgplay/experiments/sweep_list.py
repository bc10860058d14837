"""The list of sweeps: one summary each, and the runs that belong to none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from pgplay.config.run_config import RunConfig, make_config, to_settings
from pgplay.errors import PgplayError
from pgplay.experiments.stored import ENDED, FAILED, StoredRuns, run_key
from pgplay.experiments.sweeps import Sweep, SweepPlan, plan_in
from pgplay.files.atomic import kept_folders
from pgplay.locale.catalog import text_of
from pgplay.paths import sweeps_folder
from pgplay.runs.summaries import RunSummary


class SweepSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list of runs: a sweep as a whole.

    `state` is training, finished or interrupted; 'unreadable' if `problem` says why, and the rest is empty. A text that
    is not the same in all its rows names all of them. `ended` of `planned` runs ended by themselves or failed. `runs`
    are its own, newest first.
    """

    name: str
    state: str
    created: str = ""
    target: str = ""
    algorithm: str = ""
    reward: str = ""
    rows: int = 0
    seeds: int = 0
    planned: int = 0
    ended: int = 0
    best_reward: float | None = None
    runs: tuple[str, ...] = ()
    note: str = ""
    problem: str = ""

    @property
    def size(self) -> str:
        """Its rows and seeds, in words."""
        return text_of("sweep.size", {"rows": self.rows, "seeds": self.seeds})

    @property
    def progress(self) -> str:
        """Its state, while it is not finished with the runs that ended."""
        return self.state if self.state in ("finished", "unreadable") else f"{self.state} {self.ended}/{self.planned}"


def list_sweeps(runs: Sequence[RunSummary]) -> list[SweepSummary]:
    """Return every sweep, newest first, with what `runs`, all that are stored, say about it; unreadable ones last."""
    summaries = [_summary(folder, runs) for folder in kept_folders(sweeps_folder())]
    return sorted(summaries, key=lambda sweep: sweep.created, reverse=True)


def in_no_sweep(runs: Iterable[RunSummary], sweeps: Iterable[SweepSummary]) -> list[RunSummary]:
    """Return those of `runs` that belong to none of `sweeps`, in their order."""
    swept = {name for sweep in sweeps for name in sweep.runs}
    return [run for run in runs if run.name not in swept]


def _summary(folder: Path, runs: Sequence[RunSummary]) -> SweepSummary:
    try:
        sweep = Sweep(folder, plan_in(folder))
        plan = sweep.plan
        configs = [make_config(row.settings) for row in plan.rows]
        state = sweep.state
    except PgplayError as error:
        return SweepSummary(name=folder.name, state="unreadable", problem=error.problem)
    own = [run for run in runs if run.sweep == plan.identity]
    rewards = [run.best_reward for run in own if run.best_reward is not None]
    return SweepSummary(
        name=folder.name,
        state=state,
        created=plan.created,
        target=_all(config.task or config.target for config in configs),
        algorithm=_all(config.algorithm for config in configs),
        reward=_all(config.reward for config in configs),
        rows=len(plan.rows),
        seeds=len(plan.seeds),
        planned=len(plan.rows) * len(plan.seeds),
        ended=_ended(plan, configs, runs if plan.takes_others else own),
        best_reward=max(rewards, default=None),
        runs=tuple(run.name for run in own),
        note=plan.note,
    )


def _ended(plan: SweepPlan, configs: Sequence[RunConfig], runs: Sequence[RunSummary]) -> int:
    """Return how many of the planned runs ended by themselves or failed, also before they were stored."""
    stored = StoredRuns(runs, plan.identity, takes_others=plan.takes_others)
    failed_starts = {(start.row, start.seed) for start in plan.failed_starts}
    ended = 0
    for place, (row, config) in enumerate(zip(plan.rows, configs, strict=True)):
        settings = run_key(to_settings(config))[0]
        for seed in plan.seeds:
            run = stored.run_of((settings, seed), has_python=bool(row.python))
            ended += (place, seed) in failed_starts if run is None else run.state in (*ENDED, FAILED)
    return ended


def _all(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(texts))
