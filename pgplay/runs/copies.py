"""A run's folder by value: for a machine that trains the run in a store of its own, and what it sends back.

What is sent back is what the folder has gained: rows of its store, and the files of its checkpoints. A machine that
only reads the run needs its store.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from pathlib import Path
from typing import Self

import msgspec

from pgplay.config.run_config import to_settings
from pgplay.files.atomic import as_user_errors, write_atomically
from pgplay.files.names import check_name
from pgplay.paths import make_folder, runs_folder
from pgplay.runs.checkpoint_content import REWARD_SOURCE, TASK
from pgplay.runs.checkpoint_files import CHECKPOINTS, delete_unused
from pgplay.runs.database import RowsTaken, TableRows, connect_to_read, new_rows, rows_until
from pgplay.runs.database_errors import DATABASE, damaged, plain_database_errors
from pgplay.runs.database_reader import LOG, DatabaseReader
from pgplay.runs.names import find_run

_FILES = (TASK, REWARD_SOURCE, LOG)
_DOCUMENT = re.compile(r"(?:last|last-previous|best|step-\d+)\.json", re.ASCII)
_RESUMED_FROM = ("last.json", "best.json")
"""The checkpoints whose tensors a run needs to resume; of the others it needs to know that they are kept."""


class RunChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What a run's folder has gained.

    `settings` are the run's, `state` and `message` those of its store. `files` are whole, `documents` the checkpoints
    that are new or replaced, and `tensors` the files that these name. `checkpoints` are the names of all that are kept.
    """

    settings: dict[str, object]
    state: str
    message: str
    rows: TableRows
    files: dict[str, bytes]
    documents: dict[str, bytes]
    tensors: list[bytes]
    checkpoints: frozenset[str]

    @property
    def values(self) -> dict[str, str]:
        """What changes in the store's table of values."""
        return {"state": self.state, "message": self.message}


class PackedRun(msgspec.Struct, frozen=True):
    """All that another machine needs to resume a run."""

    name: str
    store: bytes
    files: dict[str, bytes]
    documents: dict[str, bytes]
    tensors: list[bytes]


class RunFollower(DatabaseReader):
    """Reads what the folder of the run called `run`, which another process trains, has gained since the last time.

    What it had at `step` counts as known, with the checkpoints of `packed`, if it began as those.
    """

    def __init__(self, run: str, step: int = 0, packed: PackedRun | None = None) -> None:
        super().__init__(find_run(run))
        self._documents = dict(packed.documents) if packed is not None else {}
        self._tensors = {_tensors_of(document) for document in self._documents.values()}
        self._files = dict(packed.files) if packed is not None else {}
        self._taken = RowsTaken()
        if packed is not None:
            with self._plainly():
                self._taken = rows_until(self._database, step)

    def changes(self) -> RunChanges:
        """Return what is new; raises PgplayError for a damaged run."""
        # Checkpoints first: the rows then reach at least as far.
        documents, tensors, names = self._new_checkpoints()
        present = _read_files(self.folder)
        files = {name: content for name, content in present.items() if content != self._files.get(name)}
        self._files |= files
        with self._access, self._plainly():
            self._database.execute("BEGIN")
            try:
                rows, self._taken = new_rows(self._database, self._taken)
                state, message = self._value("state"), self._value("message")
            finally:
                self._database.execute("COMMIT")
        return RunChanges(
            settings=to_settings(self.config),
            state=state,
            message=message,
            rows=rows,
            files=files,
            documents=documents,
            tensors=tensors,
            checkpoints=names,
        )

    def _new_checkpoints(self) -> tuple[dict[str, bytes], list[bytes], frozenset[str]]:
        present = _read_documents(self.folder)
        documents, tensors = {}, []
        for name, document in present.items():
            if document == self._documents.get(name):
                continue
            digest = _tensors_of(document)
            if digest not in self._tensors:
                try:
                    tensors.append(_tensors_file(self.folder, digest).read_bytes())
                except FileNotFoundError:  # replaced at this moment, and read the next time
                    continue
                self._tensors.add(digest)
            documents[name] = self._documents[name] = document
        # While the last checkpoint is replaced, it is missing for an instant.
        return documents, tensors, frozenset(present) | ({"last.json"} & self._documents.keys())


class RunCopy(msgspec.Struct, frozen=True):
    """All that another machine needs to read a run; `checkpoints` are the steps of those that are kept."""

    name: str
    store: bytes
    checkpoints: list[int]

    @classmethod
    def of(cls, run: str) -> Self:
        """Return a copy of the run called `run` as it is now, perhaps still being trained.

        Raises InputError for an unknown name and PgplayError for a damaged run.
        """
        with DatabaseReader.open(run) as reader:
            return cls(run, _copy_store(reader.folder), reader.checkpoints())


class CopyReader(DatabaseReader):
    """A RunReader over a `copy` in a temporary folder, which is deleted when it is closed.

    Raises InputError for a name that no run has, and PgplayError where the copy can't be kept or read.
    """

    def __init__(self, copy: RunCopy) -> None:
        name = check_name("run", copy.name)  # another machine's word, which must not lead out of the folder
        self._temporary = tempfile.TemporaryDirectory(prefix="pgplay-run-")
        self._checkpoints = copy.checkpoints
        folder = Path(self._temporary.name) / name
        try:
            write_atomically(make_folder(folder) / DATABASE, copy.store, outlasts=False)
            super().__init__(folder)
        except BaseException:
            self._temporary.cleanup()
            raise

    def checkpoints(self) -> list[int]:
        """Return the steps whose checkpoints the run keeps, in order."""
        return self._checkpoints

    def close(self) -> None:
        """Close the copy, and delete it."""
        super().close()
        self._temporary.cleanup()


def _copy_store(folder: Path) -> bytes:
    with plain_database_errors(folder):
        database = connect_to_read(folder / DATABASE)
        try:
            return database.serialize()
        finally:
            database.close()


def pack_run(run: str) -> PackedRun:
    """Return the run called `run` by value; raises PgplayError for a damaged one."""
    folder = find_run(run)
    documents = _read_documents(folder)
    digests = dict.fromkeys(_tensors_of(documents[name]) for name in _RESUMED_FROM if name in documents)
    store = _copy_store(folder)
    with as_user_errors("action.read_checkpoint", folder):
        tensors = [_tensors_file(folder, digest).read_bytes() for digest in digests]
    return PackedRun(run, store, _read_files(folder), documents, tensors)


def unpack_run(packed: PackedRun) -> None:
    """Store a run that was packed elsewhere, under its name; raises PgplayError where it can't be written."""
    folder = make_folder(runs_folder() / packed.name)
    write_atomically(folder / DATABASE, packed.store)
    _write(folder, packed.files, packed.documents, packed.tensors)


def keep_files(folder: Path, changes: RunChanges) -> None:
    """Write the files among `changes` into the run's `folder`, and delete the checkpoints that are kept no longer.

    At any instant each checkpoint is whole. Raises PgplayError where something can't be written, and for a file that a
    run does not have.
    """
    _write(folder, changes.files, changes.documents, changes.tensors)
    for name in set(_read_documents(folder)) - changes.checkpoints:
        (folder / CHECKPOINTS / name).unlink(missing_ok=True)
    delete_unused(folder / CHECKPOINTS)


def _write(folder: Path, files: dict[str, bytes], documents: dict[str, bytes], tensors: list[bytes]) -> None:
    for name in (*files, *documents):
        if name not in _FILES and not _DOCUMENT.fullmatch(name):
            raise damaged(folder, name)
    make_folder(folder / CHECKPOINTS)
    for content in tensors:
        write_atomically(_tensors_file(folder, hashlib.sha256(content).hexdigest()), content, outlasts=False)
    for name, content in documents.items():
        write_atomically(folder / CHECKPOINTS / name, content)
    for name, content in files.items():
        write_atomically(folder / name, content)


def _read_files(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in _FILES if (folder / name).exists()}


def _read_documents(folder: Path) -> dict[str, bytes]:
    documents = {}
    for path in (folder / CHECKPOINTS).glob("*.json"):
        try:
            documents[path.name] = path.read_bytes()
        except FileNotFoundError:  # the trainer has just thinned them out
            continue
    return documents


def _tensors_of(document: bytes) -> str:
    """Return the hash of the tensors that a checkpoint's document names; its state may hold NaN, which is no JSON."""
    return str(json.loads(document)["tensors_sha256"])


def _tensors_file(folder: Path, digest: str) -> Path:
    return folder / CHECKPOINTS / f"{digest}.safetensors"
