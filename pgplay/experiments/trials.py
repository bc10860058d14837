"""The runs of an experiment, trained on a pool of workers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from pgplay.cluster.cluster import Cluster
from pgplay.cluster.ray_pool import RayPool
from pgplay.config import goals
from pgplay.config.run_config import RunConfig, make_config, to_settings
from pgplay.experiments.recipes import RecipeEntry
from pgplay.experiments.statistics.estimates import load_scipy
from pgplay.experiments.statistics.survival import SolveTime
from pgplay.experiments.stored import ENDED, StoredRuns, can_continue, run_key, stored_outcome
from pgplay.learning.reports.step_report import StepReport
from pgplay.limits import available_cores
from pgplay.worker.client.pool import News, Pool, RunOutcome
from pgplay.worker.protocol.commands import Resume, Start

_LOOK = 0.1  # seconds between checks for an interruption


class Trial(NamedTuple):
    """One run of an entry and its outcome, None if it never began."""

    entry: int
    config: RunConfig
    outcome: RunOutcome | None

    @property
    def ended(self) -> bool:
        """Whether it ended without an interruption, so that it counts."""
        return self.outcome is not None and self.outcome.state != "interrupted"

    @property
    def failed(self) -> bool:
        """Whether it failed; it counts as a run that does not reach its goal."""
        return self.outcome is not None and self.outcome.state == "failed"

    @property
    def report(self) -> StepReport | None:
        """The report of its last step."""
        return self.outcome.report if self.outcome is not None else None

    @property
    def reached(self) -> bool:
        """Whether it reached its recipe's goal: solved, or the requested reward or exact match."""
        report = self.report
        return report is not None and (report.solved or goals.reached(self.config.goal, report.metrics))

    @property
    def time(self) -> SolveTime:
        """Its completions until it reached its goal, at least one."""
        return SolveTime(max(1, self.report.completions) if self.report is not None else 1, self.reached)


class Training(NamedTuple):
    """How an experiment's runs are trained: `jobs` at once, None for as many as fit on the cores.

    `show_begin` gets the stored name of a run that begins, `show_news` a trial's number and its newest step, `show_end`
    the number of one that ended; training ends early once `stop_requested`. The runs are trained on `cluster`, or
    without one on this machine.
    """

    jobs: int | None
    show_news: Callable[[int, Trial, News], None]
    show_end: Callable[[int, Trial], None]
    stop_requested: Callable[[], bool]
    show_begin: Callable[[str], None] = lambda run: None
    cluster: Cluster | None = None


class PlannedLooks(NamedTuple):
    """The `seeds` to add before each look at the differences; those of the first `begun` are trained in any case.

    `begin` gets how many looks have begun.
    """

    seeds: Sequence[Sequence[int]]
    begun: int
    begin: Callable[[int], object]


def plan_trials(entries: Sequence[RecipeEntry], seeds: Sequence[int]) -> list[Trial]:
    """Return the runs of all `entries` with all `seeds`, one seed after the other, so that pairs end together."""
    return [
        Trial(place, make_config({"seed": seed}, entry.config), None)
        for seed in seeds
        for place, entry in enumerate(entries)
    ]


async def train_trials(
    entries: Sequence[RecipeEntry],
    looks: PlannedLooks,
    training: Training,
    stored: StoredRuns,
    is_clear: Callable[[list[Trial]], bool],
) -> list[Trial]:
    """Train all `entries` with the seeds of each of `looks` in turn, and return every run that was planned.

    `stored` runs count or continue, and new ones belong to their sweep. After each look that may be the last,
    `is_clear` says whether the runs so far are enough.
    """
    trials: list[Trial] = []
    places: list[int] = []  # of the pool's runs among the trials

    def show_news(news: News) -> None:
        training.show_news(places[news.number], trials[places[news.number]], news)

    def record_end(place: int, outcome: RunOutcome) -> None:
        trials[place] = trials[place]._replace(outcome=outcome)
        training.show_end(place, trials[place])

    callbacks = (
        show_news,
        lambda number, outcome: record_end(places[number], outcome),
        lambda number, run: training.show_begin(run),
    )
    pool: Pool | RayPool
    if training.cluster is None:
        pool = Pool(jobs_for(entries, looks.seeds, training.jobs), *callbacks)
    else:
        pool = RayPool(training.cluster, *callbacks)
    loading = asyncio.create_task(asyncio.to_thread(load_scipy))
    try:
        for number, seeds in enumerate(looks.seeds, 1):
            looks.begin(number)
            commands = []
            for trial in plan_trials(entries, seeds):
                trials.append(trial)
                begun = _begin(trial, entries[trial.entry], stored)
                if isinstance(begun, RunOutcome):
                    record_end(len(trials) - 1, begun)
                else:
                    places.append(len(trials) - 1)
                    commands.append(begun)
            await _until_stopped(pool, asyncio.create_task(pool.train(commands)), training.stop_requested)
            await loading
            if training.stop_requested() or (number >= looks.begun and is_clear(trials)):
                break
    finally:
        await pool.close()
    return trials


def jobs_for(entries: Sequence[RecipeEntry], looks: Sequence[Sequence[int]], jobs: int | None = None) -> int:
    """Return how many runs are trained at once: `jobs`, by default as many as fit on the cores, and never too many."""
    most = jobs or jobs_of_cores([entry.config for entry in entries])
    return min(len(entries) * max(map(len, looks)), most)


def jobs_of_cores(configs: Iterable[RunConfig]) -> int:
    """Return how many runs of `configs` fit on the cores."""
    return max(1, available_cores() // max(config.threads or 1 for config in configs))


def _begin(trial: Trial, entry: RecipeEntry, stored: StoredRuns) -> Start | Resume | RunOutcome:
    """Return the command that begins or continues a trial, or its outcome if it is stored."""
    run = stored.run_of(run_key(to_settings(trial.config)), has_python=entry.has_python)
    if run is not None and run.state in ENDED:
        return stored_outcome(run.name)
    if run is not None and can_continue(run):
        return Resume(run=run.name, rewards=entry.rewards)
    return Start(config=trial.config, rewards=entry.rewards, sweep=stored.sweep)


async def _until_stopped(pool: Pool | RayPool, work: asyncio.Task[None], stop_requested: Callable[[], bool]) -> None:
    while not work.done():
        await asyncio.wait([work], timeout=_LOOK)
        if stop_requested():
            pool.stop()
            break
    await work
