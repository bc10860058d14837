"""The list of runs, one summary per run; and deleting runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from pgplay.config.recipe import deviations
from pgplay.config.run_config import RunConfig, to_settings
from pgplay.errors import InputError, PgplayError
from pgplay.files.atomic import delete_folder, kept_folders
from pgplay.files.locks import is_held, locked_folder
from pgplay.learning.algorithms.table import trains_network
from pgplay.paths import runs_folder, runs_index_file
from pgplay.policies.families.catalogue import chosen_model
from pgplay.runs.checkpoint_files import checkpoint_step
from pgplay.runs.database_errors import DATABASE
from pgplay.runs.database_reader import DatabaseReader
from pgplay.runs.index import Index, stamp_of
from pgplay.runs.names import find_run
from pgplay.runs.store import LOCK

_GOES_ON = {"training", "preparing"}
_FILES = (DATABASE, f"{DATABASE}-wal", "checkpoints", os.path.join("checkpoints", "last.json"))
"""The files that a summary depends on."""


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list of runs.

    `target` is the task's name where there is a task. `state` is the run's last state; 'interrupted' for a run
    left in training by a process that is gone; 'unreadable' if `problem` says why, and the rest is empty. `model` is
    empty where no network is trained. `checkpoint_step` is the step that it can be resumed from, None if it can't. A
    branch names its `parent` and the `parent_step`. `settings` are those it began with, `note` is the person's.
    `was_changed`: a setting was changed while it trained. `sweep` is the identity of the sweep that it belongs to,
    empty for a run of its own, and `trainer` is empty if pgplay trains it.
    """

    name: str
    state: str
    created: str = ""
    target: str = ""
    task: str = ""
    reward: str = ""
    model: str = ""
    algorithm: str = ""
    seed: int = 0
    steps: int = 0
    seconds: float = 0.0
    best_reward: float | None = None
    last_reward: float | None = None
    message: str = ""
    checkpoint_step: int | None = None
    parent: str = ""
    parent_step: int = 0
    problem: str = ""
    settings: dict[str, Any] = {}
    note: str = ""
    was_changed: bool = False
    sweep: str = ""
    trainer: str = ""


def list_runs() -> list[RunSummary]:
    """Return every run, newest first; unreadable ones last, with the reason.

    Only the stores that have changed since they were last listed are read.
    """
    folders = kept_folders(runs_folder())
    index = Index(runs_index_file(), RunSummary)
    summaries = [_with_current_state(_cached_or_read(index, folder), folder) for folder in folders]
    index.save(folder.name for folder in folders)
    return sorted(summaries, key=lambda run: run.created, reverse=True)


def summary_of(folder: Path) -> RunSummary:
    """Return the line of the list for the run in `folder`."""
    return _with_current_state(_read(folder), folder)


def _cached_or_read(index: Index[RunSummary], folder: Path) -> RunSummary:
    stamp = stamp_of(folder, _FILES)
    cached = index.get(folder.name, stamp)
    if cached is not None:
        return cached
    summary = _read(folder)
    if not summary.problem and stamp == stamp_of(folder, _FILES):
        index.keep(folder.name, stamp, summary)
    return summary


def _with_current_state(summary: RunSummary, folder: Path) -> RunSummary:
    """Return `summary` with the state that depends on whether a process trains the run."""
    try:
        if summary.state in _GOES_ON and not is_held(folder / LOCK):
            return msgspec.structs.replace(summary, state="interrupted")
    except PgplayError as error:
        return RunSummary(name=folder.name, state="unreadable", problem=error.problem)
    return summary


def _read(folder: Path) -> RunSummary:
    try:
        with DatabaseReader(folder) as store:
            store.check()
            config, progress = store.config, store.progress()
            parent, parent_step = store.parent or ("", 0)
            return RunSummary(
                name=folder.name,
                state=store.state,
                created=store.created,
                target=config.target,
                task=config.task,
                reward=config.reward,
                model=_model(config),
                algorithm=config.algorithm,
                seed=config.seed,
                steps=progress.steps,
                seconds=progress.seconds,
                best_reward=progress.best_reward,
                last_reward=progress.last_reward,
                message=store.message,
                checkpoint_step=checkpoint_step(folder),
                parent=parent,
                parent_step=parent_step,
                settings=to_settings(config),
                note=store.note,
                was_changed=store.was_changed,
                sweep=store.sweep,
                trainer=store.trainer,
            )
    except PgplayError as error:
        return RunSummary(name=folder.name, state="unreadable", problem=error.problem)


def _model(config: RunConfig) -> str:
    return chosen_model(config.model, has_prompts=bool(config.task)) if trains_network(config.algorithm) else ""


def delete_run(name: str) -> None:
    """Delete the run called `name` with all its data.

    Raises InputError for an unknown name and for a run that is training.
    """
    with locked_folder(runs_folder()):
        folder = find_run(name)
        if is_held(folder / LOCK):
            raise InputError("run.in_training", name=name)
        delete_folder(folder)


IN_COLUMNS = ("target", "task", "algorithm", "reward", "seed")
"""The settings that a list of runs shows in columns of their own."""


def what_differs(runs: Sequence[RunSummary]) -> list[str]:
    """Return for each of `runs` the settings in which it differs from most of them, apart from IN_COLUMNS."""
    readable = iter(deviations([run.settings for run in runs if not run.problem], apart_from=IN_COLUMNS))
    return ["" if run.problem else next(readable) for run in runs]
