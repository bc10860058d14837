"""The store of one run: steps, events and samples in SQLite, one row per step.

Each record is one committed transaction in write-ahead mode, so the whole history survives kill -9 (about 0.1 ms a
step; a power cut may cost the last moments, never the file). Anyone may read while one process writes; the first write
takes the run's lock, so two processes never train the same run.

Metrics are kept as 8-byte floats beside a reference to their names, a quarter of what JSON takes, and one to the reward
that scored the step. Samples are kept for
each of the first 1,000 steps and then ever more thinly, 500 for each doubling of the step.
"""

from __future__ import annotations

import contextlib
import math
import os
import sqlite3
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError, PgplayError, coded
from pgplay.files.atomic import new_folder
from pgplay.files.locks import FileLock, locked_folder
from pgplay.learning.reports.step_detail import StepDetail
from pgplay.learning.reports.step_report import StepReport
from pgplay.locale.catalog import Coded
from pgplay.paths import runs_folder
from pgplay.runs.database import TableRows, connect, create_database, put_rows
from pgplay.runs.database_errors import DATABASE, LOCKED, plain_database_errors, primary_code
from pgplay.runs.database_reader import DatabaseReader
from pgplay.runs.names import choose_run_name
from pgplay.runs.reader import StoredScorer
from pgplay.runs.stored_texts import encode_text

LOCK = ".lock"
ALL_SAMPLES_UNTIL = 1000  # steps
_PATIENCE = 60.0
"""Seconds for which a write waits for another program that locks the store."""

_LOCK_PATIENCE = 0.5  # seconds; outlasts another process that only looks whether the run is being trained

_one_number = struct.Struct("<d")
_encoder = msgspec.json.Encoder()


class RunStore(DatabaseReader):
    """One run's store, to be written and read, from `RunStore.create` or `RunStore.open`.

    Close it, or use it in a `with`. May be used from several threads. `on_wait` is called when a write waits
    for another program.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = FileLock(folder / LOCK)
        self._names: dict[tuple[str, ...], int] = {}
        self._scorers: dict[StoredScorer, int] = {}
        self._patience = _PATIENCE
        self.on_wait: Callable[[Coded], None] = lambda notice: None
        super().__init__(folder)
        self._written = {DATABASE: _identity(folder / DATABASE)}

    def _connect(self) -> sqlite3.Connection:
        return connect(self.folder / DATABASE)

    @staticmethod
    def create(
        config: RunConfig,
        name: str = "",
        fill: Callable[[Path], object] | None = None,
        *,
        sweep: str = "",
        trainer: str = "",
    ) -> RunStore:
        """Create a run and open it, ready to record; an empty `name` makes one of the date and the target.

        `fill` writes further files into the run's folder before the run appears; `sweep` is the identity of the sweep
        that the run belongs to, and `trainer` what trains it if pgplay does not. Safe when two processes create runs at
        once. Raises InputError for a bad or taken name, PgplayError where it can't be written.
        """
        runs = runs_folder()
        with locked_folder(runs):
            folder = runs / choose_run_name(config, name)
            with new_folder(folder) as aside, plain_database_errors(folder):
                create_database(aside / DATABASE, config, sweep=sweep, trainer=trainer)
                if fill is not None:
                    fill(aside)
            store = RunStore(folder)
            store.claim()
        return store

    def claim(self) -> None:
        """Take the run's lock for writing, as the first write does by itself.

        Raises InputError where another process trains the run.
        """
        if not self._lock.take(_LOCK_PATIENCE):
            raise InputError("run.trained_elsewhere", name=self.name)

    def record(self, report: StepReport, scorer: StoredScorer | None = None) -> None:
        """Store one step durably, with the reward that scored it if it is known.

        Raises PgplayError if it can't be written.
        """
        names = tuple(report.metrics)
        numbers = struct.pack(f"<{len(names)}d", *report.metrics.values())
        with self._writing() as database:
            identity = self._names.get(names) or self._remember(database, names)
            number = None if scorer is None else self._scorers.get(scorer) or self._remember_scorer(database, scorer)
            database.execute(
                "INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    report.step,
                    report.seconds,
                    report.completions,
                    report.solved,
                    report.metrics.get("reward_mean"),
                    identity,
                    numbers,
                    number,
                ),
            )
            if report.samples and keeps_samples(report.step, report.solved):
                database.execute("INSERT INTO samples VALUES (?, ?)", (report.step, _encoder.encode(report.samples)))
            if report.trace and keeps_samples(report.step, report.solved):
                self._keep_detail(database, report.step, "trace", report.trace)
        self._names[names] = identity
        if scorer is not None and number is not None:
            self._scorers[scorer] = number

    def keep_step_detail(self, detail: StepDetail) -> None:
        """Keep the full record of a step; raises PgplayError where it can't be written."""
        with self._writing() as database:
            self._keep_detail(database, detail.step, "anatomy", detail)

    @staticmethod
    def _keep_detail(database: sqlite3.Connection, step: int, kind: str, detail: object) -> None:
        database.execute("INSERT OR REPLACE INTO details VALUES (?, ?, ?)", (step, kind, _encoder.encode(detail)))

    def event(self, step: int, kind: str, detail: Coded | None = None) -> None:
        """Store an event; raises PgplayError if it can't be written."""
        self._add_event(step, kind, encode_text(detail))

    def change_event(self, step: int, settings: Mapping[str, Any]) -> None:
        """Store that `settings` were changed; raises PgplayError if it can't be written."""
        self._add_event(step, "change", _encoder.encode(settings).decode())

    def _add_event(self, step: int, kind: str, detail: str) -> None:
        with self._writing() as database:
            database.execute("INSERT INTO events (step, kind, detail) VALUES (?, ?, ?)", (step, kind, detail))

    def add_rows(self, rows: TableRows, values: dict[str, str]) -> None:
        """Add the `rows` of a copy that is trained elsewhere, and set `values`; raises PgplayError where it can't."""
        with self._writing() as database:
            put_rows(database, rows)
            self._keep(database, values)

    def rewind(self, step: int) -> None:
        """Forget everything after `step`, as the run continues from its checkpoint of that step."""
        with self._writing() as database:
            for table in ("steps", "samples", "details", "events"):
                database.execute(f"DELETE FROM {table} WHERE step > ?", (step,))
            self._keep(database, {"state": "training", "message": ""})

    def finish(self, state: str, reason: Coded | None = None) -> None:
        """Store how the run ended (solved, finished, failed, paused), and the reason."""
        with self._writing() as database:
            self._keep(database, {"state": state, "message": encode_text(reason)})

    def best(self, metrics: tuple[str, ...]) -> tuple[float, ...]:
        """Return the highest tuple of these metrics over all steps; a missing metric counts as minus infinity."""
        best = (-math.inf,) * len(metrics)
        for window in self.windows():
            places = {
                kind: [8 * names.index(name) if name in names else None for name in metrics]
                for kind, names in window.names.items()
            }
            for kind, numbers in zip(window.kinds, window.numbers, strict=True):
                values = (
                    -math.inf if place is None else _one_number.unpack_from(numbers, place)[0] for place in places[kind]
                )
                best = max(best, tuple(values))
        return best

    @property
    def is_in_place(self) -> bool:
        """Whether the open files are still those in the run's folder; a deleted file would take writes too."""
        return all(_identity(self.folder / name) == known for name, known in self._written.items())

    def check_place(self) -> None:
        """Raise PgplayError where the run's folder was deleted, moved or replaced while it trained."""
        if not self.is_in_place:
            raise PgplayError("run.folder_gone", name=self.name, folder=self.folder)

    def close(self) -> None:
        """Close the store and release the run's lock."""
        super().close()
        self._lock.release()

    @staticmethod
    def _keep(database: sqlite3.Connection, values: dict[str, str]) -> None:
        database.executemany("INSERT OR REPLACE INTO run VALUES (?, ?)", values.items())

    def _remember(self, database: sqlite3.Connection, names: tuple[str, ...]) -> int:
        text = _encoder.encode(names).decode()
        database.execute("INSERT OR IGNORE INTO names (names) VALUES (?)", (text,))
        return int(database.execute("SELECT id FROM names WHERE names = ?", (text,)).fetchone()[0])

    @staticmethod
    def _remember_scorer(database: sqlite3.Connection, scorer: StoredScorer) -> int:
        database.execute("INSERT OR IGNORE INTO rewards (hash, text) VALUES (?, ?)", scorer)
        return int(database.execute("SELECT id FROM rewards WHERE hash = ? AND text = ?", scorer).fetchone()[0])

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._access:
            self.check_place()
            self.claim()
            with self._plainly():
                self._begin()
                try:
                    log = f"{DATABASE}-wal"
                    self._written.setdefault(log, _identity(self.folder / log))
                    yield self._database
                    self._database.execute("COMMIT")
                except BaseException:
                    with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back already
                        self._database.execute("ROLLBACK")
                    raise
            self.check_place()

    def _begin(self) -> None:
        """Begin a transaction; if another program locks the store, report it and wait, the full patience only once."""
        deadline, has_said = time.monotonic() + self._patience, False
        while True:
            try:
                self._database.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                if primary_code(error) not in LOCKED:
                    raise
                if time.monotonic() >= deadline:
                    self._patience = 0.0
                    raise
                if not has_said:
                    self.on_wait(coded("notice.store_locked", run=self.name))
                    has_said = True
            else:
                self._patience = _PATIENCE
                return


def _identity(path: Path) -> tuple[int, int] | None:
    """Return the device and inode of the file at `path`; None if it is missing."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def keeps_samples(step: int, solved: bool) -> bool:
    """Return whether the samples of `step` are kept: all at first, then ever fewer, and any that solved the task."""
    stride = 1
    while stride * ALL_SAMPLES_UNTIL < step:
        stride *= 2
    return solved or step % stride == 0
