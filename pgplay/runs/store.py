"""The store of one run: every step, event and sample in SQLite, one row a step.

Each record is one committed transaction in write-ahead mode, so the whole history survives kill -9 (about 0.1 ms a
step; a power cut may cost the last moments, never the file). Anyone may read while one process writes; the first write
takes the run's lock, so two processes never train the same run.

Metrics are kept as 8-byte floats beside a reference to their names, a quarter of what JSON takes. Samples are kept for
each of the first 1,000 steps and then ever more thinly, 500 for each doubling of the step.
"""

from __future__ import annotations

import contextlib
import sqlite3
import struct
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import msgspec

from pgplay.config import RunConfig, make_config
from pgplay.errors import InputError, PgplayError
from pgplay.learning.anatomy import Anatomy
from pgplay.learning.report import Sample, StepReport, Trace
from pgplay.paths import runs_folder
from pgplay.runs.database import DATABASE, connect, create_database, damaged, plain_database_errors
from pgplay.runs.files import new_folder
from pgplay.runs.locks import FileLock, locked_folder
from pgplay.runs.names import choose_run_name, find_run

LOG = "worker.log"
LOCK = ".lock"
ALL_SAMPLES_UNTIL = 1000  # steps

_LOCK_PATIENCE = 0.5  # seconds; outlasts another process that only looks whether the run is being trained

_encoder = msgspec.json.Encoder()
_names_decoder = msgspec.json.Decoder(tuple[str, ...])
_traces_decoder = msgspec.json.Decoder(Trace)
_anatomies_decoder = msgspec.json.Decoder(Anatomy)
_samples_decoder = msgspec.json.Decoder(tuple[Sample, ...])


class RunEvent(NamedTuple):
    """Something that happened in a run, after `step` steps: a change of settings, a warning, a checkpoint."""

    step: int
    kind: str
    detail: str


class RunProgress(NamedTuple):
    """How far a run got; each reward is None before the first step."""

    steps: int
    seconds: float
    completions: int
    best_reward: float | None
    last_reward: float | None


class Parent(NamedTuple):
    """The run that another one is a branch of, and the step at which it leaves it."""

    run: str
    step: int


class RunStore:
    """One run's store, from `RunStore.create` or `RunStore.open`; close it, or use it in a `with`.

    May be used from several threads.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self._lock = FileLock(folder / LOCK)
        self._access = threading.RLock()
        self._names: dict[tuple[str, ...], int] = {}
        with self._plainly():
            self._database = connect(folder / DATABASE)
        try:
            self.config = self._read_config()
        except BaseException:
            self._database.close()
            raise

    @staticmethod
    def create(config: RunConfig, name: str = "") -> RunStore:
        """Create a run and open it, ready to record; an empty `name` makes one of the date and the target.

        Safe when two processes do so at once. Raises InputError for a bad or taken name, PgplayError where it can't be
        written.
        """
        runs = runs_folder()
        with locked_folder(runs):
            folder = runs / choose_run_name(config, name)
            with new_folder(folder) as aside, plain_database_errors(folder):
                create_database(aside / DATABASE, config)
            store = RunStore(folder)
            store.claim()
        return store

    @staticmethod
    def open(name: str) -> RunStore:
        """Open the run called `name`; raises InputError for an unknown name, PgplayError for a damaged run."""
        return RunStore(find_run(name))

    @property
    def log_path(self) -> Path:
        """The file for what training code prints."""
        return self.folder / LOG

    @property
    def state(self) -> str:
        """What `finish` said last, else 'training'."""
        return self._value("state")

    @property
    def message(self) -> str:
        """The words that `finish` gave, or none."""
        return self._value("message")

    @property
    def created(self) -> str:
        """When the run was created: ISO 8601, UTC."""
        return self._value("created")

    @property
    def parent(self) -> Parent | None:
        """Where this run comes from, None where it is no branch."""
        found = dict(self._select("SELECT key, value FROM run WHERE key IN ('parent', 'parent_step')"))
        return Parent(str(found["parent"]), int(found["parent_step"])) if len(found) == 2 else None

    def claim(self) -> None:
        """Take the run's lock for writing, as the first write does by itself.

        Raises InputError where another process trains the run.
        """
        if not self._lock.take(_LOCK_PATIENCE):
            raise InputError(
                f"The run '{self.name}' is being trained by another pgplay.", "Stop it there first, or start a new run."
            )

    def record(self, report: StepReport) -> None:
        """Keep one step, so that it outlasts this process; raises PgplayError where it can't be written."""
        names = tuple(report.metrics)
        numbers = struct.pack(f"<{len(names)}d", *report.metrics.values())
        with self._writing() as database:
            identity = self._names.get(names) or self._remember(database, names)
            database.execute(
                "INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    report.step, report.seconds, report.completions, report.solved,
                    report.metrics.get("reward_mean"), identity, numbers,
                ),
            )
            if report.samples and keeps_samples(report.step, report.solved):
                database.execute("INSERT INTO samples VALUES (?, ?)", (report.step, _encoder.encode(report.samples)))
            if report.trace and keeps_samples(report.step, report.solved):
                self._keep_detail(database, report.step, "trace", report.trace)
        self._names[names] = identity

    def rows(self, after_step: int = 0, limit: int | None = None) -> list[tuple[int, dict[str, float]]]:
        """Return (step, metrics) of the steps after `after_step`, oldest first, at most `limit` of them."""
        found = self._select(
            "SELECT step, names.names, numbers FROM steps JOIN names ON names.id = steps.names"
            " WHERE step > ? ORDER BY step LIMIT ?",
            (after_step, -1 if limit is None else limit),
        )
        known: dict[str, tuple[str, ...]] = {}
        rows = []
        with self._plainly():
            for step, text, numbers in found:
                names = known.get(text)
                if names is None:
                    names = known[text] = _names_decoder.decode(text)
                rows.append((step, dict(zip(names, struct.unpack(f"<{len(names)}d", numbers), strict=True))))
        return rows

    def samples(self, step: int) -> tuple[Sample, ...]:
        """Return the samples of `step`, or of the nearest step before it that kept any; none where none did."""
        found = self._select("SELECT samples FROM samples WHERE step <= ? ORDER BY step DESC LIMIT 1", (step,))
        with self._plainly():
            return _samples_decoder.decode(found[0][0]) if found else ()

    def traces(self, after_step: int = 0) -> list[tuple[int, Trace]]:
        """Return (step, trace) of the steps after `after_step` that kept one, oldest first."""
        found = self._select(
            "SELECT step, detail FROM details WHERE kind = 'trace' AND step > ? ORDER BY step", (after_step,)
        )
        with self._plainly():
            return [(step, _traces_decoder.decode(detail)) for step, detail in found]

    def keep_anatomy(self, anatomy: Anatomy) -> None:
        """Keep the anatomy of a step that was taken apart; raises PgplayError where it can't be written."""
        with self._writing() as database:
            self._keep_detail(database, anatomy.step, "anatomy", anatomy)

    def anatomy(self, step: int) -> Anatomy | None:
        """Return the anatomy of `step`; None where it was not taken apart."""
        found = self._select("SELECT detail FROM details WHERE kind = 'anatomy' AND step = ?", (step,))
        with self._plainly():
            return _anatomies_decoder.decode(found[0][0]) if found else None

    def anatomy_steps(self) -> list[int]:
        """Return the steps that were taken apart, in order."""
        return [step for (step,) in self._select("SELECT step FROM details WHERE kind = 'anatomy' ORDER BY step")]

    @staticmethod
    def _keep_detail(database: sqlite3.Connection, step: int, kind: str, detail: object) -> None:
        database.execute("INSERT OR REPLACE INTO details VALUES (?, ?, ?)", (step, kind, _encoder.encode(detail)))

    def event(self, step: int, kind: str, detail: str = "") -> None:
        """Keep that something happened; raises PgplayError where it can't be written."""
        with self._writing() as database:
            database.execute("INSERT INTO events (step, kind, detail) VALUES (?, ?, ?)", (step, kind, detail))

    def events(self) -> list[RunEvent]:
        """Return what happened, oldest first."""
        return [RunEvent(*row) for row in self._select("SELECT step, kind, detail FROM events ORDER BY id")]

    def rewind(self, step: int) -> None:
        """Forget all that came after `step`, because the run goes on from its checkpoint of that step."""
        with self._writing() as database:
            for table in ("steps", "samples", "details", "events"):
                database.execute(f"DELETE FROM {table} WHERE step > ?", (step,))
            self._keep(database, {"state": "training", "message": ""})

    def finish(self, state: str, message: str = "") -> None:
        """Keep how the run ended (solved, finished, failed, paused), and why in words."""
        with self._writing() as database:
            self._keep(database, {"state": state, "message": message})

    def progress(self) -> RunProgress:
        """Return how far the run got, without reading its history."""
        (best,) = self._select("SELECT max(reward_mean) FROM steps")
        last = self._select("SELECT step, seconds, completions, reward_mean FROM steps ORDER BY step DESC LIMIT 1")
        step, seconds, completions, reward = last[0] if last else (0, 0.0, 0, None)
        return RunProgress(step, seconds, completions, best[0], reward)

    def sampled_steps(self) -> list[int]:
        """Return the steps whose samples are kept, in order."""
        return [row[0] for row in self._select("SELECT step FROM samples ORDER BY step")]

    def close(self) -> None:
        """Close the store and let go of the run's lock."""
        with self._access:
            self._database.close()
            self._lock.release()

    def __enter__(self) -> RunStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _read_config(self) -> RunConfig:
        try:
            settings = msgspec.json.decode(self._value("config"), type=dict[str, Any])
            return make_config(settings)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise damaged(self.folder, str(error)) from error
        except InputError as error:
            raise PgplayError(
                f"The settings of the run '{self.name}' do not fit this version of pgplay: {error.problem}",
                "Use the version of pgplay that made it.",
            ) from error

    def _value(self, key: str) -> str:
        found = self._select("SELECT value FROM run WHERE key = ?", (key,))
        if not found:
            raise damaged(self.folder, f"it lacks its {key}")
        return str(found[0][0])

    @staticmethod
    def _keep(database: sqlite3.Connection, values: dict[str, str]) -> None:
        database.executemany("INSERT OR REPLACE INTO run VALUES (?, ?)", values.items())

    def _remember(self, database: sqlite3.Connection, names: tuple[str, ...]) -> int:
        text = _encoder.encode(names).decode()
        database.execute("INSERT OR IGNORE INTO names (names) VALUES (?)", (text,))
        return int(database.execute("SELECT id FROM names WHERE names = ?", (text,)).fetchone()[0])

    def _select(self, query: str, values: Iterable[Any] = ()) -> list[Any]:
        with self._access, self._plainly():
            return self._database.execute(query, tuple(values)).fetchall()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._access, self._plainly():
            self.claim()
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back already
                    self._database.execute("ROLLBACK")
                raise

    def _plainly(self) -> contextlib.AbstractContextManager[None]:
        return plain_database_errors(self.folder)


def keeps_samples(step: int, solved: bool) -> bool:
    """Tell whether the samples of `step` are kept: all of the first, then ever fewer, and any that solved the task."""
    stride = 1
    while stride * ALL_SAMPLES_UNTIL < step:
        stride *= 2
    return solved or step % stride == 0
