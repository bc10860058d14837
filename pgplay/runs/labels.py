"""Renaming stored runs, and the notes that a person keeps with them."""

from __future__ import annotations

import contextlib
from pathlib import Path

from pgplay.errors import InputError, PgplayError
from pgplay.files.atomic import as_user_errors, kept_folders, sync_folder
from pgplay.files.locks import FileLock, locked_folder
from pgplay.files.names import check_name, same_name
from pgplay.paths import runs_folder
from pgplay.runs.database import connect
from pgplay.runs.database_errors import DATABASE, plain_database_errors
from pgplay.runs.database_reader import DatabaseReader
from pgplay.runs.names import choose_run_name, find_run
from pgplay.runs.store import LOCK

LONGEST_NOTE = 1000
"""Characters."""


def write_note(run: str, note: str) -> None:
    """Keep `note` with the stored run called `run`, also while it is trained; an empty one removes it.

    Raises InputError for an unknown run and a note that is too long, PgplayError where it can't be written.
    """
    if len(note) > LONGEST_NOTE:
        raise InputError("run.long_note", most=LONGEST_NOTE)
    _set(find_run(run), "note", " ".join(note.split()))


def rename_run(name: str, new_name: str) -> None:
    """Rename a run; its branches then name it so.

    Raises InputError for an unknown, bad or taken name, and for a run that is training.
    """
    new_name = check_name("run", new_name)
    with locked_folder(runs_folder()):
        folder = find_run(name)
        with DatabaseReader.open(folder.name) as run:
            if not same_name(folder.name, new_name):
                choose_run_name(run.config, new_name)
        lock = FileLock(folder / LOCK)
        if not lock.take():
            raise InputError("run.in_training", name=folder.name)
        lock.release()
        destination = folder.with_name(new_name)
        with as_user_errors("action.rename_run", folder):
            folder.rename(destination)
            sync_folder(destination.parent)
        for branch in kept_folders(runs_folder()):
            with contextlib.suppress(PgplayError):  # a damaged run is left alone
                with DatabaseReader.open(branch.name) as run:
                    is_branch = run.parent is not None and run.parent.run == folder.name
                if is_branch:
                    _set(branch, "parent", new_name)


def _set(folder: Path, key: str, value: str) -> None:
    with plain_database_errors(folder), contextlib.closing(connect(folder / DATABASE)) as database:
        database.execute("INSERT OR REPLACE INTO run VALUES (?, ?)", (key, value))
