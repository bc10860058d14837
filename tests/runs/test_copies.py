"""A run that trains in another store comes back as if it had been trained here, also after its machine was lost."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import pytest

from pgplay.config.run_config import make_config
from pgplay.errors import InputError, PgplayError
from pgplay.learning.inputs import Inputs
from pgplay.paths import HOME, runs_folder
from pgplay.runs.checkpoint_files import all_checkpoints, read_checkpoint
from pgplay.runs.copies import (
    CopyReader,
    PackedRun,
    RunChanges,
    RunCopy,
    RunFollower,
    keep_files,
    pack_run,
    unpack_run,
)
from pgplay.runs.database_errors import DATABASE
from pgplay.runs.names import find_run
from pgplay.runs.store import RunStore
from pgplay.worker.session.session import Session

CONFIG = make_config({"target": "hi", "model": "gru-nano", "batch_size": 8, "until": "never", "steps": 9})
TABLES = ("names", "rewards", "steps", "samples", "details", "events")


class Machines:
    """This machine and another one, which has a store of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._monkeypatch = monkeypatch
        self.be("here")

    def be(self, name: str) -> None:
        self._monkeypatch.setenv(HOME, str(self._folder / name))


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machines:
    return Machines(tmp_path, monkeypatch)


def sent(changes: RunChanges) -> RunChanges:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(changes), type=RunChanges)


def train(session: Session, follower: RunFollower, steps: int) -> list[RunChanges]:
    """Return what comes back from `steps` steps, each of which writes a checkpoint."""
    changes = []
    for _ in range(steps):
        session.step()
        session._keeper.checkpoint()
        changes.append(sent(follower.changes()))
    return changes


def take(store: RunStore, changes: RunChanges) -> None:
    store.add_rows(changes.rows, changes.values)
    keep_files(store.folder, changes)


def rows_of(run: str, table: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(find_run(run) / DATABASE) as database:
        return database.execute(f"SELECT * FROM {table}").fetchall()


def test_what_came_back_is_what_was_trained_and_resumes_elsewhere_from_its_last_checkpoint(machines: Machines) -> None:
    machines.be("there")
    session = Session.begin(CONFIG, Inputs(), name="run")
    with RunFollower("run") as follower:
        first, *rest = train(session, follower, 4)
        session.step()
        beyond = sent(follower.changes())  # a step without a checkpoint
        session.close("paused")
    machines.be("here")
    store = RunStore.create(make_config(first.settings), "run", lambda folder: keep_files(folder, first))
    for changes in (first, *rest, beyond):
        take(store, changes)
    assert [step for step, *_ in rows_of("run", "steps")] == [1, 2, 3, 4, 5]
    assert list(all_checkpoints(store.folder)) == [0, 1, 2, 3, 4]
    packed = msgspec.msgpack.decode(msgspec.msgpack.encode(pack_run("run")), type=PackedRun)

    machines.be("elsewhere")
    unpack_run(packed)
    session = Session.resume("run")
    assert session.step_count == 4
    with RunFollower("run", 4, packed) as follower:
        changes = train(session, follower, 2)
        session.close("finished")
        changes.append(sent(follower.changes()))
    there = {table: rows_of("run", table) for table in TABLES}
    last = read_checkpoint(find_run("run"), "last")

    machines.be("here")
    store.rewind(4)
    for each in changes:
        take(store, each)
    assert (store.state, [event.kind for event in store.events()][-1]) == ("finished", "resume")
    assert {table: rows_of("run", table) for table in TABLES} == there
    assert read_checkpoint(store.folder, "last") == last
    assert list(all_checkpoints(store.folder)) == [0, 1, 2, 3, 4, 5, 6]
    store.close()


def test_a_machine_that_sends_files_of_other_names_is_refused(machines: Machines) -> None:
    machines.be("there")
    session = Session.begin(CONFIG, Inputs(), name="run")
    with RunFollower("run") as follower:
        changes = follower.changes()
    session.close("paused")
    machines.be("here")
    for field in ("files", "documents"):
        bad = msgspec.structs.replace(changes, **{field: {"../outside.json": b"{}"}})
        with pytest.raises(PgplayError, match="cannot be read"):
            RunStore.create(CONFIG, "run", lambda folder, bad=bad: keep_files(folder, bad))
    assert not list(runs_folder().parent.rglob("outside.json"))


@pytest.mark.parametrize("name", ["../mine", "..", "/mine", ""])
def test_a_copy_whose_name_leads_out_of_its_folder_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        CopyReader(RunCopy(name, b"", []))
