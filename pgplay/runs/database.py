"""The SQLite file of a run: its tables, making it, opening it, and what its errors mean in plain words."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from pgplay.config import RunConfig
from pgplay.errors import PgplayError

DATABASE = "run.sqlite"

_VERSION = 1
_APPLICATION = 0x70677031  # 'pgp1': tells a run from any other SQLite file
_PATIENCE = 5.0  # seconds that a transaction waits for another process

_DETAILS = """
CREATE TABLE IF NOT EXISTS details (step INTEGER NOT NULL, kind TEXT NOT NULL, detail BLOB NOT NULL,
    PRIMARY KEY (step, kind)) WITHOUT ROWID
"""
_SCHEMA = f"""
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_VERSION};
CREATE TABLE run (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE names (id INTEGER PRIMARY KEY, names TEXT NOT NULL UNIQUE);
CREATE TABLE steps (
    step INTEGER PRIMARY KEY, seconds REAL NOT NULL, completions INTEGER NOT NULL, solved INTEGER NOT NULL,
    reward_mean REAL, names INTEGER NOT NULL REFERENCES names (id), numbers BLOB NOT NULL
);
CREATE INDEX steps_by_reward ON steps (reward_mean);
CREATE TABLE samples (step INTEGER PRIMARY KEY, samples BLOB NOT NULL);
{_DETAILS};
CREATE TABLE events (id INTEGER PRIMARY KEY, step INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL);
"""


def create_database(path: Path, config: RunConfig) -> None:
    """Make the empty store of a run of `config` in the file `path`."""
    database = sqlite3.connect(path, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
        database.executemany(
            "INSERT INTO run VALUES (?, ?)",
            [
                ("config", msgspec.json.encode(config).decode()),
                ("created", datetime.now(UTC).isoformat(timespec="milliseconds")),
                ("state", "training"),
                ("message", ""),
            ],
        )
    finally:
        database.close()


def copy_until(
    source: sqlite3.Connection, copy: sqlite3.Connection, step: int, values: dict[str, str], event: tuple[str, str]
) -> None:
    """Put the history of `source` up to `step` into the empty store `copy`, set `values`, and add an event's words."""
    copy.execute("BEGIN IMMEDIATE")
    copy.executemany("INSERT INTO names VALUES (?, ?)", source.execute("SELECT id, names FROM names"))
    for table, columns in (("steps", 7), ("samples", 2), ("details", 3)):
        marks = ", ".join("?" * columns)
        rows = source.execute(f"SELECT * FROM {table} WHERE step <= ? ORDER BY step", (step,))
        copy.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    events = source.execute("SELECT step, kind, detail FROM events WHERE step <= ? ORDER BY id", (step,))
    copy.executemany("INSERT INTO events (step, kind, detail) VALUES (?, ?, ?)", [*events, (step, *event)])
    copy.executemany("INSERT OR REPLACE INTO run VALUES (?, ?)", values.items())
    copy.execute("COMMIT")


def connect(path: Path) -> sqlite3.Connection:
    """Open the store in the file `path`, for any thread; each statement commits by itself outside a transaction.

    Raises PgplayError where it is missing, no store, or of a newer version; sqlite3.Error where it is damaged.
    """
    if not path.is_file():
        raise damaged(path.parent, f"it has no {DATABASE}")
    address = f"{path.absolute().as_uri()}?{_mode(path)}"
    database = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, timeout=_PATIENCE)
    try:
        (application,) = database.execute("PRAGMA application_id").fetchone()
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if application != _APPLICATION:
            raise damaged(path.parent, f"{DATABASE} is no store of pgplay")
        if version > _VERSION:
            raise PgplayError(
                f"The run '{path.parent.name}' is of a newer pgplay (version {version}; this one knows {_VERSION}).",
                "Install a newer pgplay.",
            )
        database.execute("PRAGMA synchronous = NORMAL")
        if "mode=rw" in address:
            database.execute(_DETAILS)  # a store of an early pgplay has no such table
    except BaseException:
        database.close()
        raise
    return database


def _mode(path: Path) -> str:
    at_rest = not path.with_name(f"{path.name}-wal").exists()
    if at_rest and not os.access(path.parent, os.W_OK):
        return "immutable=1"  # SQLite would want to write beside the file even to read it
    return "mode=rw"


@contextlib.contextmanager
def plain_database_errors(folder: Path) -> Iterator[None]:
    """Turn what SQLite and a damaged file raise in the block into a PgplayError about the run in `folder`."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise PgplayError(
            f"The store of the run '{folder.name}' failed: {error}.",
            f"Is there room, and may {folder} be written? All steps before are kept.",
        ) from error
    except (sqlite3.DatabaseError, msgspec.DecodeError, struct.error, UnicodeDecodeError, ValueError) as error:
        raise damaged(folder, str(error)) from error


def damaged(folder: Path, reason: str) -> PgplayError:
    """Return the error for a run whose store can't be read."""
    return PgplayError(
        f"The run '{folder.name}' cannot be read: {reason}.", f"Delete it, or restore {folder} from a copy."
    )
