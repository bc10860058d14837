"""SQLite's errors about a run's store as errors of pgplay, one code per kind."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import struct
from collections.abc import Iterator
from pathlib import Path

import msgspec

from pgplay.errors import PgplayError
from pgplay.locale.catalog import Coded

DATABASE = "run.sqlite"

LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
NEEDS_ROOM = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}
"""SQLite's primary codes for a file that it can put nothing beside."""

_LEAST_ROOM = 64 * 1024
"""Bytes that SQLite needs beside a store: the index of its log has 32 KB."""


def primary_code(error: sqlite3.Error) -> int | None:
    """Return SQLite's primary code of `error`; None for an error of Python's own."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


@contextlib.contextmanager
def plain_database_errors(folder: Path) -> Iterator[None]:
    """Turn errors of SQLite and of damaged values in the block into a PgplayError about the run in `folder`."""
    try:
        yield
    except sqlite3.Error as error:
        raise _coded(folder, error) from error
    except msgspec.ValidationError as error:
        message, _, _ = str(error).partition(" - at ")
        raise damaged(folder, ("damage.wrong_kind", {"reason": message})) from error
    except (msgspec.DecodeError, struct.error, UnicodeDecodeError, ValueError) as error:
        raise damaged(folder, str(error)) from error


def damaged(folder: Path, reason: str | Coded) -> PgplayError:
    """Return the error for a run whose store can't be read; `reason` is a code, or the system's message."""
    return PgplayError("run.damaged", name=folder.name, folder=folder, reason=reason)


def _coded(folder: Path, error: sqlite3.Error) -> PgplayError:
    code = primary_code(error)
    if code in LOCKED:
        return PgplayError("store.locked", run=folder.name, file=folder / DATABASE)
    if code in NEEDS_ROOM and (code == sqlite3.SQLITE_FULL or _lacks_room(folder)):
        return PgplayError("store.disk_full", run=folder.name)
    is_forbidden = code == sqlite3.SQLITE_CANTOPEN and folder.is_dir() and not os.access(folder, os.W_OK)
    if is_forbidden or code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return PgplayError("store.not_writable", run=folder.name, folder=folder)
    if code == sqlite3.SQLITE_CANTOPEN:
        return PgplayError("store.shut", run=folder.name, folder=folder, reason=_reason_to_stay_shut(folder))
    if code == sqlite3.SQLITE_IOERR:
        return PgplayError("store.disk", run=folder.name, folder=folder, reason=str(error))
    if code == sqlite3.SQLITE_NOMEM:
        return PgplayError("store.memory", run=folder.name)
    if code == sqlite3.SQLITE_INTERRUPT:
        return damaged(folder, "damage.slow")
    return damaged(folder, str(error))


def _lacks_room(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _LEAST_ROOM
    except OSError:  # the folder is gone
        return False


def _reason_to_stay_shut(folder: Path) -> str:
    """Return the system's reason why the store can't be opened; SQLite does not pass it on."""
    try:
        with (folder / DATABASE).open("rb"):
            return "damage.nothing_beside"
    except OSError as error:
        return error.strerror or str(error)
