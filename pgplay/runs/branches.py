"""Branches: a new run that starts at a checkpoint of another run, with its history up to there.

The parent stays as it is, also while it is being trained. The branch has the settings of the checkpoint, live changes
among them, and names its parent and the step in its store.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pgplay.errors import InputError, coded
from pgplay.files.atomic import new_folder, write_synced
from pgplay.files.locks import locked_folder
from pgplay.paths import runs_folder
from pgplay.runs.checkpoint_content import TASK, Usable, read_usable, refuse_other_trainer
from pgplay.runs.checkpoint_files import all_checkpoints, write_checkpoint
from pgplay.runs.database import connect, connect_to_read, copy_until, create_database
from pgplay.runs.database_errors import DATABASE, plain_database_errors
from pgplay.runs.names import find_run, free_name
from pgplay.runs.stored_texts import encode_text


def branch_run(run: str, step: int) -> str:
    """Make a paused run that continues from the checkpoint of `run` at `step`, and return its name.

    Raises InputError for an unknown run and for a step without a checkpoint, with the nearest ones; PgplayError where
    something can't be read or written.
    """
    parent = find_run(run)
    checkpoint, content = usable_at(parent, step)
    runs = runs_folder()
    with locked_folder(runs):
        folder = runs / free_name(f"{run}-at-{step}")
        with new_folder(folder) as aside, plain_database_errors(folder):
            create_database(aside / DATABASE, content.config)
            _copy_history(parent, aside, step)
            if (parent / TASK).exists():
                write_synced(aside / TASK, (parent / TASK).read_bytes())
            write_checkpoint(aside, checkpoint.tensors, _with_its_own_reward(checkpoint.state), "last")
    return folder.name


def usable_at(parent: Path, step: int) -> Usable:
    """Return the checkpoint of the run in the folder `parent` at `step`, checked to be one that a run can resume from.

    Raises InputError where there is none, with the nearest ones, and PgplayError where it can't be read or used.
    """
    checkpoints = all_checkpoints(parent)
    if not checkpoints:
        refuse_other_trainer(parent)
    if step not in checkpoints:
        nearest = _nearest(list(checkpoints), step)
        code = "run.no_checkpoint_at" if nearest else "run.no_checkpoint"
        raise InputError(code, name=parent.name, step=step, nearest=nearest)
    return read_usable(parent, checkpoints[step])


def _nearest(steps: list[int], step: int) -> list[int]:
    """Return the nearest of `steps` before and after `step`, where there are any."""
    before, after = [other for other in steps if other < step], [other for other in steps if other > step]
    return [*before[-1:], *after[:1]]


def _with_its_own_reward(state: dict[str, Any]) -> dict[str, Any]:
    """Return `state` without the stamp of the reward's file: its text counts until the file is saved again."""
    source, _ = state.get("reward", ("", None))
    return {**state, "reward": [source, None]}


def _copy_history(parent: Path, aside: Path, step: int) -> None:
    source, copy = connect_to_read(parent / DATABASE), connect(aside / DATABASE)
    try:
        values = {"state": "paused", "message": "", "parent": parent.name, "parent_step": str(step)}
        origin = coded("event.branch", step=step, run=parent.name)
        copy_until(source, copy, step, values, ("branch", encode_text(origin)))
    finally:
        copy.close()
        source.close()
