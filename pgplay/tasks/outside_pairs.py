"""The kept pairs of a task of another package: reading them, and having them read by their own process."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from pgplay.errors import InputError, PgplayError, coded
from pgplay.files.atomic import as_user_errors
from pgplay.files.stamp import FileStamp, file_stamp
from pgplay.tasks.outside import HELD_OUT_MARK, OutsideTask, check_pin, not_here, outside_task
from pgplay.tasks.pairs import Columns, read_pairs
from pgplay.tasks.task import Pair


class KeptPairs(NamedTuple):
    """The pairs of a kept file, those that are only to be held out, and the file's SHA-256."""

    pairs: tuple[Pair, ...]
    held_out: tuple[Pair, ...]
    sha256: str


READER = "pgplay.tasks.outside_reader"
"""The module whose process reads a task."""

NOT_CACHED = "outside.not_cached"
"""The code of the error for a data set that would have to be downloaded."""


class Finished(NamedTuple):
    """How a process ended, and what it wrote."""

    status: int
    output: str
    errors: str


class ReadCounts(NamedTuple):
    """The pairs that were read, those that are only to be held out, and the rows that are none."""

    pairs: int
    held_out: int
    left_out: int


def read_kept(task: OutsideTask) -> KeptPairs:
    """Return the kept pairs of `task`; raises InputError where there are none yet, and where they are not its own."""
    path = task.kept
    if not path.is_file():
        raise not_here(task)
    kept = _read(path, task.columns, file_stamp(path))
    check_pin(task, kept.sha256)
    return kept


@lru_cache(maxsize=2)
def _read(path: Path, columns: Columns, stamp: FileStamp | None) -> KeptPairs:
    with as_user_errors("action.read_task", path):
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    mark = (HELD_OUT_MARK, True)
    pairs = read_pairs(path, columns)
    marked = (pair for pair in pairs if mark in pair.columns)
    held_out = (replace(pair, columns=tuple(value for value in pair.columns if value != mark)) for pair in marked)
    return KeptPairs(tuple(pair for pair in pairs if mark not in pair.columns), tuple(held_out), sha256)


def have_read(task: OutsideTask, *, download: bool) -> ReadCounts:
    """Read `task` in a process of its own and keep its pairs; with `download` the network may be used.

    Raises InputError for a package that is missing, an unknown name, a column or an option that the source lacks, and
    for a data set that is not on this machine.
    """
    return ReadCounts(**_ask_reader(task, download=download))


def read_here(task: str) -> None:
    """Read the task of another package that a setting names from what is on this machine, unless its pairs are kept.

    Nothing is read for any other task. Raises InputError as `have_read` does.
    """
    outside = outside_task(task)
    if outside is not None and not outside.kept.is_file():
        have_read(outside, download=False)


def data_set_size(task: OutsideTask) -> int:
    """Return the size in bytes of all files of a data set of the Hub, which is asked; raises InputError."""
    return int(_ask_reader(task, download=True, size=True)["size"])


def _ask_reader(task: OutsideTask, **request: bool) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", READER],
        input=reader_request(task, **request),
        stdout=subprocess.PIPE,
        stderr=None if request["download"] else subprocess.PIPE,  # bars of progress
        text=True,
        check=False,
    )
    return reader_answer(task, Finished(done.returncode, done.stdout, done.stderr or ""))


def reader_request(task: OutsideTask, **request: bool) -> str:
    """Return what the reader of `task` gets on standard input."""
    return json.dumps({"task": task.text, **request}) + "\n"


def reader_answer(task: OutsideTask, reader: Finished) -> dict[str, Any]:
    """Return the answer of the `reader` of `task`; raises its error as an InputError, PgplayError without an answer."""
    lines = reader.output.strip().splitlines()
    if reader.status or not lines:
        said = reader.errors.strip().splitlines()
        reason = said[-1] if said else coded("exit.status", status=reader.status)
        raise PgplayError("outside.reader_failed", task=task.text, reason=reason)
    answer: dict[str, Any] = json.loads(lines[-1])
    if "error" in answer:
        code, values = answer["error"]
        raise InputError(code, field="task", **values)
    return answer
