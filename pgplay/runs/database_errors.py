"""SQLite's errors about a run's store in plain English: one sentence per kind."""

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

DATABASE = "run.sqlite"

LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
NEEDS_ROOM = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}
"""The primary codes with which SQLite refuses to read where it can put nothing beside the file."""

_LEAST_ROOM = 64 * 1024
"""Bytes that SQLite needs beside a store: the index of its log has 32 KB."""


def primary_code(error: sqlite3.Error) -> int | None:
    """Return SQLite's primary code of `error`; None where Python raised it by itself."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


@contextlib.contextmanager
def plain_database_errors(folder: Path) -> Iterator[None]:
    """Turn what SQLite and a damaged file raise in the block into a PgplayError about the run in `folder`."""
    try:
        yield
    except sqlite3.Error as error:
        raise _in_words(folder, error) from error
    except msgspec.ValidationError as error:
        what, _, _ = str(error).partition(" - at ")
        raise damaged(folder, f"it holds a value of the wrong kind ({what})") from error
    except (msgspec.DecodeError, struct.error, UnicodeDecodeError, ValueError) as error:
        raise damaged(folder, str(error)) from error


def damaged(folder: Path, reason: str) -> PgplayError:
    """Return the error for a run whose store can't be read."""
    return PgplayError(
        f"The run '{folder.name}' cannot be read: {reason}.", f"Delete it, or restore {folder} from a copy."
    )


def _in_words(folder: Path, error: sqlite3.Error) -> PgplayError:
    code = primary_code(error)
    store = f"The store of the run '{folder.name}'"
    if code in LOCKED:
        return PgplayError(f"{store} is locked by another program.", f"Close what has {folder / DATABASE} open.")
    if code in NEEDS_ROOM and (code == sqlite3.SQLITE_FULL or _lacks_room(folder)):
        return PgplayError(
            f"{store} cannot be written: the disk is full.", "Free some room and try again; all steps before are kept."
        )
    is_forbidden = code == sqlite3.SQLITE_CANTOPEN and folder.is_dir() and not os.access(folder, os.W_OK)
    if is_forbidden or code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return PgplayError(
            f"{store} is not writable.",
            f"Change the permissions of {folder}, or set PGPLAY_HOME to a folder that you can write to.",
        )
    if code == sqlite3.SQLITE_CANTOPEN:
        return PgplayError(f"{store} cannot be opened: {_reason_to_stay_shut(folder)}.", f"Look at {folder}.")
    if code == sqlite3.SQLITE_IOERR:
        return PgplayError(
            f"{store} failed: the disk did not read or write it ({error}).",
            f"Look at the disk that holds {folder}; all steps before are kept.",
        )
    if code == sqlite3.SQLITE_NOMEM:
        return PgplayError(f"{store} failed: there was not enough memory.", "Close other programs and try again.")
    if code == sqlite3.SQLITE_INTERRUPT:
        return damaged(folder, "a part of it took too long to read")
    return damaged(folder, str(error))


def _lacks_room(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _LEAST_ROOM
    except OSError:  # the folder is gone, which is no lack of room
        return False


def _reason_to_stay_shut(folder: Path) -> str:
    """Return in the system's words why the store can't be opened, as SQLite does not pass them on."""
    try:
        with (folder / DATABASE).open("rb"):
            return "nothing can be written beside it"
    except OSError as error:
        return error.strerror or str(error)
