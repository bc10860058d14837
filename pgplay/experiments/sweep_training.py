"""Training a stored sweep: from the command line, from Python and by the app's background process."""

from __future__ import annotations

from collections.abc import Sequence

from pgplay.experiments.recipes import RecipeEntry
from pgplay.experiments.stored import StoredRuns
from pgplay.experiments.summary import summarise
from pgplay.experiments.sweeps import FailedStart, Sweep, SweepPlan, create_sweep, find_same, plan_in, plan_seeds
from pgplay.experiments.trials import PlannedLooks, Training, Trial, jobs_for, train_trials
from pgplay.experiments.yardstick import Yardstick
from pgplay.runs.summaries import list_runs


def begin_sweep(
    entries: Sequence[RecipeEntry], looks: Sequence[Sequence[int]], yardstick: Yardstick, *, resume: bool
) -> Sweep:
    """Return a stored sweep of `entries`: with `resume` the newest one of the same recipes, if any, else a new one.

    One that is resumed keeps the seeds that it has if `looks` are only a part of them.
    """
    same = find_same(entries, yardstick.name) if resume else None
    if same is None:
        return create_sweep(entries, looks, yardstick.name, takes_others=resume)
    planned = {seed for look in looks for seed in look}
    if planned < set(same.plan.seeds):
        return same.change(takes_others=True)
    return plan_seeds(same.change(takes_others=True), looks)


async def train_sweep(
    sweep: Sweep, entries: Sequence[RecipeEntry], yardstick: Yardstick, training: Training
) -> list[Trial]:
    """Train what is planned of `sweep`, and the seeds that are added meanwhile; return every run that was planned.

    `entries` are the sweep's, with consent to their Python. Raises InputError where another process trains it.
    """
    with sweep.claimed():
        while True:
            plan = plan_in(sweep.folder)
            trials = await _train_planned(sweep, plan, entries, yardstick, training)
            if training.stop_requested():
                return trials
            if plan_in(sweep.folder).looks == plan.looks:
                sweep.change(finished=True)
                return trials


async def _train_planned(
    sweep: Sweep, plan: SweepPlan, entries: Sequence[RecipeEntry], yardstick: Yardstick, training: Training
) -> list[Trial]:
    starts: dict[tuple[int, int], FailedStart] = {}

    def show_end(place: int, trial: Trial) -> None:
        if trial.failed and trial.outcome is not None and not trial.outcome.run:
            code, values = trial.outcome.reason
            starts[trial.entry, trial.config.seed] = FailedStart(trial.entry, trial.config.seed, (code, dict(values)))
            sweep.change(failed_starts=tuple(starts.values()))
        training.show_end(place, trial)

    def begin_look(begun: int) -> None:
        if begun > plan.begun:
            sweep.change(begun=begun)

    def is_clear(trials: list[Trial]) -> bool:
        return summarise(entries, trials, yardstick, len(plan.looks)).is_clear

    looks = PlannedLooks(plan.looks, plan.begun, begin_look)
    sweep.change(failed_starts=(), finished=False, jobs=jobs_for(entries, looks.seeds, training.jobs))
    stored = StoredRuns(list_runs(), plan.identity, takes_others=plan.takes_others)
    return await train_trials(entries, looks, training._replace(show_end=show_end), stored, is_clear)
