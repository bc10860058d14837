"""A grid of settings over several seeds, trained in workers and judged as `pgplay sweep` does."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from pgplay.api.description import Description, RewardLike, given
from pgplay.api.run import Picture, TrainedRun
from pgplay.errors import InputError
from pgplay.experiments.files import save_summary, to_markdown, write_summary
from pgplay.experiments.grid import SWEEP_SEEDS, GridAxis, check_grid_setting, grid_size
from pgplay.experiments.recipes import RecipeEntry, check_seeds, grid_configs, named_entries
from pgplay.experiments.records import comparison_record, result_record
from pgplay.experiments.statistics.looks import MOST_SEEDS, split_by_looks
from pgplay.experiments.summary import Summary, summarise
from pgplay.experiments.sweep_training import begin_sweep, train_sweep
from pgplay.experiments.sweeps import plan_in
from pgplay.experiments.trials import Training, Trial
from pgplay.experiments.yardstick import choose_yardstick
from pgplay.tasks.outside_pairs import read_here


class SweepResult(NamedTuple):
    """What a sweep found; a notebook shows its table with a verdict for each row against the first."""

    summary: Summary
    name: str = ""
    """Its name in the list of runs, by which `pgplay sweep` and the app open it again."""

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows as `pgplay sweep --json` prints them: solved share, completions and measure with their intervals."""
        return [result_record(result) for result in self.summary.results]

    @property
    def comparisons(self) -> list[dict[str, Any]]:
        """Each row against the first: ratio or difference, interval, p and verdict."""
        return [comparison_record(self.summary, comparison) for comparison in self.summary.comparisons]

    @property
    def runs(self) -> list[TrainedRun]:
        """Every run that was stored."""
        trials = [trial for result in self.summary.results for trial in result.trials]
        return [TrainedRun(trial.outcome.run) for trial in trials if trial.outcome is not None and trial.outcome.run]

    def plot(self) -> Picture:
        """Return every run as a dot and every interval as a bar."""
        return Picture(write_summary(self.summary, "svg").decode())

    def save(self, file: str | os.PathLike[str]) -> Path:
        """Write the results as `file`, whose suffix says how: csv, md, tex, svg, png or pdf; raises InputError."""
        path = Path(file)
        save_summary(self.summary, path)
        return path

    def __repr__(self) -> str:
        return f"<SweepResult: {len(self.summary.results)} rows, {len(self.runs)} runs>"

    def __str__(self) -> str:
        return to_markdown(self.summary)

    def _repr_markdown_(self) -> str:
        return str(self)


def sweep(
    grid: Mapping[str, Sequence[Any]],
    *,
    seeds: int | Sequence[int] | None = None,
    until_told_apart: bool = False,
    rank_by: str = "",
    measure: RewardLike | Sequence[RewardLike] = (),
    preset: str | None = None,
    jobs: int | None = None,
    resume: bool = False,
    on_end: Callable[[Trial], object] | None = None,
    **settings: Any,
) -> SweepResult:
    """Train every combination of the settings in `grid` with each of `seeds` (by default 10) and return what was found.

    `grid` gives each setting its values, such as `{"reward": ["levenshtein", mine], "lr": [0.01, 0.03]}`; `settings`
    are those that all rows share. Runs train in worker processes, `jobs` at once (by default as many as fit on the
    cores), so a function is passed on as its source, which must need nothing outside of it. The sweep is one entry in
    the list of runs. `rank_by` is what rows are compared by, as on the command line. `until_told_apart` adds seeds
    until every row differs clearly from the first, at most `seeds` (then by default 64). With `resume`, the stored
    sweep of the same rows continues, and stored runs of the same settings count. `on_end` is called with each run that
    ends, in another thread. Ctrl-C ends the sweep early; what ended by then counts.

    Raises InputError, before anything is trained, for what the command line refuses.
    """
    axes = [GridAxis(name, tuple(values)) for name, values in grid.items()]
    if grid_size(axes) < 2:
        raise InputError("sweep.nothing")
    seeds = (MOST_SEEDS if until_told_apart else SWEEP_SEEDS) if seeds is None else seeds
    chosen = check_seeds(range(seeds) if isinstance(seeds, int) else seeds, str(seeds))
    looks = split_by_looks(chosen) if until_told_apart else [chosen]
    entries = _entries(axes, given(settings, measure=measure), preset)
    yardstick = choose_yardstick(entries, rank_by)
    stopped = threading.Event()

    def show_end(place: int, trial: Trial) -> None:
        if on_end is not None:
            on_end(trial)

    training = Training(jobs, lambda *_: None, show_end, stopped.is_set)
    stored = begin_sweep(entries, looks, yardstick, resume=resume)
    with ThreadPoolExecutor(1) as thread:  # a notebook's own thread has a loop already
        trained = thread.submit(asyncio.run, train_sweep(stored, entries, yardstick, training))
        while not stopped.is_set():
            try:
                trained.result()
                break
            except KeyboardInterrupt:
                stopped.set()
    looks_planned = len(plan_in(stored.folder).looks)
    return SweepResult(summarise(entries, trained.result(), yardstick, looks_planned), stored.name)


def _entries(axes: Sequence[GridAxis], settings: Mapping[str, Any], preset: str | None) -> list[RecipeEntry]:
    """Return the grid's rows, each checked."""
    for name in (*settings, *(axis.name for axis in axes)):
        check_grid_setting(name)
    description = Description(settings, preset)
    named = [
        GridAxis(axis.name, tuple(description.named({axis.name: value})[axis.name] for value in axis.values))
        for axis in axes
    ]
    configs = grid_configs(description.settings, named, lambda config: read_here(config.task))
    rewards = [description.rewards_for_worker(config) for config in configs]
    return named_entries([""] * len(configs), configs, rewards)
