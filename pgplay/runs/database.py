"""The SQLite file of a run: its tables, creating it, and opening it to write or to read."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from pgplay.config.run_config import RunConfig
from pgplay.errors import PgplayError
from pgplay.runs.database_errors import DATABASE, NEEDS_ROOM, damaged, primary_code

_VERSION = 1
_APPLICATION = 0x70677031  # 'pgp1': tells a run from any other SQLite file
_PATIENCE = 1.0  # seconds that a statement waits for another program
_LARGEST_VALUE = 64 * 1024 * 1024  # bytes; a step's samples take some thousands

_DETAILS = """
CREATE TABLE IF NOT EXISTS details (step INTEGER NOT NULL, kind TEXT NOT NULL, detail BLOB NOT NULL,
    PRIMARY KEY (step, kind)) WITHOUT ROWID
"""
_REWARDS = """
CREATE TABLE IF NOT EXISTS rewards (id INTEGER PRIMARY KEY, hash TEXT NOT NULL, text TEXT NOT NULL, UNIQUE (hash, text))
"""
_SCHEMA = f"""
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_VERSION};
CREATE TABLE run (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE names (id INTEGER PRIMARY KEY, names TEXT NOT NULL UNIQUE);
CREATE TABLE steps (
    step INTEGER PRIMARY KEY, seconds REAL NOT NULL, completions INTEGER NOT NULL, solved INTEGER NOT NULL,
    reward_mean REAL, names INTEGER NOT NULL REFERENCES names (id), numbers BLOB NOT NULL,
    reward INTEGER REFERENCES rewards (id)
);
CREATE INDEX steps_by_reward ON steps (reward_mean);
CREATE TABLE samples (step INTEGER PRIMARY KEY, samples BLOB NOT NULL);
{_DETAILS};
{_REWARDS};
CREATE TABLE events (id INTEGER PRIMARY KEY, step INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL);
"""

_TABLES = ("run", "names", "steps", "samples", "events")
"""The tables of every store."""

_LATER_TABLES = {"details": _DETAILS, "rewards": _REWARDS}
"""The tables that the store of an earlier pgplay lacks until it is written to."""


def create_database(path: Path, config: RunConfig, *, sweep: str = "", trainer: str = "") -> None:
    """Create the empty store of a run of `config` in the file `path`.

    `sweep` is the one that it belongs to, and `trainer` what trains it if pgplay does not.
    """
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
                *([("sweep", sweep)] if sweep else []),
                *([("trainer", trainer)] if trainer else []),
            ],
        )
    finally:
        database.close()


def copy_until(
    source: sqlite3.Connection, copy: sqlite3.Connection, step: int, values: dict[str, str], event: tuple[str, str]
) -> None:
    """Copy `source` up to `step` into the empty store `copy`, set `values`, and add `event` (kind, detail)."""
    copy.execute("BEGIN IMMEDIATE")
    copy.executemany("INSERT INTO names VALUES (?, ?)", source.execute("SELECT id, names FROM names"))
    copy.executemany("INSERT INTO rewards VALUES (?, ?, ?)", source.execute("SELECT id, hash, text FROM rewards"))
    kept = "step, seconds, completions, solved, reward_mean, names, numbers", scorer_column(source)
    for table, columns in (("steps", ", ".join(kept)), ("samples", "*"), ("details", "*")):
        rows = source.execute(f"SELECT {columns} FROM {table} WHERE step <= ? ORDER BY step", (step,))
        marks = ", ".join("?" * len(rows.description))
        copy.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    events = source.execute("SELECT step, kind, detail FROM events WHERE step <= ? ORDER BY id", (step,))
    copy.executemany("INSERT INTO events (step, kind, detail) VALUES (?, ?, ?)", [*events, (step, *event)])
    copy.executemany("INSERT OR REPLACE INTO run VALUES (?, ?)", values.items())
    copy.execute("COMMIT")


TableRows = dict[str, list[tuple[Any, ...]]]
"""Rows of a store by their table, whole."""
_KEYS = {"names": "id", "rewards": "id", "steps": "step", "samples": "step", "details": "step", "events": "id"}
"""The tables that only grow while a run trains, and the column that grows with them."""


class RowsTaken(NamedTuple):
    """Up to where the rows of each table are known elsewhere, by their keys."""

    names: int = 0
    rewards: int = 0
    steps: int = 0
    samples: int = 0
    details: int = 0
    events: int = 0


def new_rows(database: sqlite3.Connection, taken: RowsTaken) -> tuple[TableRows, RowsTaken]:
    """Return the rows of each table after those that were `taken`, and what is taken with them."""
    rows, keys = {}, {}
    for (table, key), after in zip(_KEYS.items(), taken, strict=True):
        query = database.execute(f"SELECT * FROM {table} WHERE {key} > ? ORDER BY {key}", (after,))
        rows[table] = query.fetchall()
        place = [name for name, *_ in query.description].index(key)
        keys[table] = max((row[place] for row in rows[table]), default=after)
    return rows, RowsTaken(**keys)


def rows_until(database: sqlite3.Connection, step: int) -> RowsTaken:
    """Return as taken the rows of the steps up to `step`, but only the events before it."""
    (event,) = database.execute("SELECT coalesce(max(id), 0) FROM events WHERE step < ?", (step,)).fetchone()
    return RowsTaken(steps=step, samples=step, details=step, events=event)


def put_rows(database: sqlite3.Connection, rows: TableRows) -> None:
    """Put the `rows` of `new_rows` into a store that has those before; the same ones again change nothing."""
    for table in _KEYS:
        for row in rows.get(table, ()):
            database.execute(f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * len(row))})", row)


def connect(path: Path) -> sqlite3.Connection:
    """Open the store in the file `path` to write; each statement commits by itself outside a transaction.

    Raises PgplayError for a file that is missing, not a store, or newer; sqlite3.Error for a damaged one.
    """
    database = _open(path, "mode=rw")
    try:
        database.execute("PRAGMA synchronous = NORMAL")
        _add_what_is_new(database)
    except BaseException:
        database.close()
        raise
    return database


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open the store in the file `path` to read, also on a disk that is full or may not be written.

    Even to read, SQLite puts the index of its log beside a store. Where it cannot, the index is kept in memory; a store
    without a log has no writer and is read as immutable. Raises as `connect` does.
    """
    try:
        database = _open(path, "mode=rw")
    except sqlite3.Error as error:
        if primary_code(error) not in NEEDS_ROOM:
            raise
        database = _open(path, "mode=ro&readonly_shm=1" if _has_log(path) else "immutable=1")
    try:
        for name, table in _LATER_TABLES.items():
            if not database.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (name,)).fetchone():
                database.execute("PRAGMA temp_store = MEMORY")
                database.execute(table.replace("CREATE TABLE", "CREATE TEMP TABLE"))
        database.execute("PRAGMA query_only = ON")
    except BaseException:
        database.close()
        raise
    return database


def scorer_column(database: sqlite3.Connection) -> str:
    """Return the expression of the reward that scored a row of `steps`: NULL in the store of an earlier pgplay."""
    columns = (name for _, name, *_ in database.execute("PRAGMA table_info(steps)"))
    return "reward" if "reward" in columns else "NULL"


def _add_what_is_new(database: sqlite3.Connection) -> None:
    """Add what the store of an earlier pgplay lacks; who scored its steps stays unknown."""
    for table in _LATER_TABLES.values():
        database.execute(table)
    if scorer_column(database) == "reward":
        return
    database.execute("BEGIN IMMEDIATE")
    if scorer_column(database) != "reward":  # another process may have been faster
        database.execute("ALTER TABLE steps ADD COLUMN reward INTEGER REFERENCES rewards (id)")
    database.execute("COMMIT")


def _has_log(path: Path) -> bool:
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _open(path: Path, mode: str) -> sqlite3.Connection:
    if not path.is_file():
        raise damaged(path.parent, ("damage.lacks", {"name": DATABASE}))
    address = f"{path.absolute().as_uri()}?{mode}"
    database = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, timeout=_PATIENCE)
    try:
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_VALUE)
        (application,) = database.execute("PRAGMA application_id").fetchone()
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if application != _APPLICATION:
            raise damaged(path.parent, ("damage.no_store", {"file": DATABASE}))
        if version > _VERSION:
            raise PgplayError("run.newer", name=path.parent.name, version=version, known=_VERSION)
        _check_tables(database, path)
    except BaseException:
        database.close()
        raise
    return database


def _check_tables(database: sqlite3.Connection, path: Path) -> None:
    """Raise PgplayError for a store that holds anything but plain tables: reading a view may never end."""
    kinds = {}
    for kind, name, text in database.execute("SELECT type, name, sql FROM sqlite_schema LIMIT 100"):
        is_plain = kind == "index" or (kind == "table" and not str(text).upper().startswith("CREATE VIRTUAL"))
        if not is_plain:
            raise damaged(path.parent, ("damage.other_table", {"file": DATABASE, "table": repr(name)}))
        kinds[name] = kind
    for table in _TABLES:
        if kinds.get(table) != "table":
            raise damaged(path.parent, ("damage.lacks_table", {"table": table}))
