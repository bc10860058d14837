"""Reading a run's store, also while another process writes it: every value is checked where it comes in.

A store may come from anywhere. A value of the wrong kind, a view in place of a table, or a query that does not end
becomes a PgplayError about that run.
"""

from __future__ import annotations

import itertools
import math
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec

from pgplay.config.run_config import RunConfig, make_config
from pgplay.errors import InputError, PgplayError
from pgplay.learning.reports.step_detail import StepDetail
from pgplay.learning.reports.step_report import Sample, Trace
from pgplay.runs.checkpoint_files import all_checkpoints
from pgplay.runs.curves import MetricCurves, Window, curves_of
from pgplay.runs.database import connect_to_read, scorer_column
from pgplay.runs.database_errors import DATABASE, damaged, plain_database_errors
from pgplay.runs.names import find_run
from pgplay.runs.reader import LAST_STEP, Parent, RunEvent, RunProgress, ScoredSince, StepNumber, StoredScorer
from pgplay.runs.stored_texts import words_of_stored

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

LOG = "worker.log"
_PAGE = 1024  # rows that are fetched at once
_WINDOW = 4096  # steps
_READ_LIMIT = 5.0  # seconds that SQLite may take for the next page; usually it takes a hundredth
_BETWEEN_CHECKS = 20_000  # of SQLite's instructions between checks of the deadline, a fraction of a millisecond

_STEPS = """
SELECT step, names, numbers, {scorer} FROM steps WHERE step > ? AND step <= ? ORDER BY step LIMIT ?
"""
_SCORERS = """
SELECT step, scorer
FROM (SELECT step, scorer, lag(step) OVER rows AS before, lag(scorer) OVER rows AS last
    FROM (SELECT step, {scorer} AS scorer FROM steps) WINDOW rows AS (ORDER BY step))
WHERE before IS NULL OR scorer IS NOT last ORDER BY step
"""

_names_decoder = msgspec.json.Decoder(tuple[str, ...])
_traces_decoder = msgspec.json.Decoder(Trace)
_step_details_decoder = msgspec.json.Decoder(StepDetail)
_samples_decoder = msgspec.json.Decoder(tuple[Sample, ...])

Row = TypeVar("Row")


class DatabaseReader:
    """A RunReader over the SQLite store in a run's folder, also while another process writes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self._access = threading.RLock()
        self._deadline = math.inf
        with self._plainly():
            self._database = self._connect()
        try:
            self._database.set_progress_handler(lambda: time.monotonic() > self._deadline, _BETWEEN_CHECKS)
            self.config = self._read_config()
        except BaseException:
            self._database.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        return connect_to_read(self.folder / DATABASE)

    @classmethod
    def open(cls, name: str) -> Self:
        """Open the run called `name`; raises InputError for an unknown name, PgplayError for a damaged run."""
        return cls(find_run(name))

    @property
    def log_path(self) -> Path:
        """The file for the output of training code."""
        return self.folder / LOG

    @property
    def state(self) -> str:
        """The state of the last `finish`, else 'training'."""
        return self._value("state")

    @property
    def message(self) -> str:
        """The reason of the last `finish` in words, empty without one."""
        return words_of_stored(self._value("message"))

    @property
    def created(self) -> str:
        """When the run was created: ISO 8601, UTC."""
        created = self._value("created")
        with self._plainly():
            datetime.fromisoformat(created)
        return created

    @property
    def note(self) -> str:
        """The person's note on the run, empty for none."""
        return self._value_if_any("note")

    @property
    def was_changed(self) -> bool:
        """Whether a setting was changed while the run trained, so that it is no run of its first settings."""
        ((count,),) = self._select(tuple[int], "SELECT COUNT(*) FROM events WHERE kind = 'change'")
        return count > 0

    @property
    def sweep(self) -> str:
        """The identity of the sweep that the run belongs to, empty for a run of its own."""
        return self._value_if_any("sweep")

    @property
    def trainer(self) -> str:
        """What trains the run and alone can resume it, such as TRL 1.16.0; empty for pgplay itself."""
        return self._value_if_any("trainer")

    def refuse_other_trainer(self) -> None:
        """Raise InputError for a run that pgplay shows but does not train."""
        if self.trainer:
            raise InputError("run.other_trainer", name=self.name, trainer=self.trainer)

    @property
    def parent(self) -> Parent | None:
        """The run that this one is a branch of; None for no branch."""
        query = "SELECT key, value FROM run WHERE key IN ('parent', 'parent_step')"
        values = dict(self._select(tuple[str, str], query))
        if len(values) < 2:
            return None
        if not values["parent_step"].isdecimal():
            raise damaged(self.folder, ("damage.branch", {"step": values["parent_step"]}))
        with self._plainly():
            return Parent(values["parent"], int(values["parent_step"]))

    def windows(self, after_step: int = 0, limit: int | None = None, until: int = LAST_STEP) -> Iterator[Window]:
        """Yield the metrics of the steps after `after_step` and up to `until`, oldest first, at most `limit`."""
        stored = self._pages(
            tuple[StepNumber, int, bytes, int | None],
            _STEPS.format(scorer=self._scorer_column()),
            (after_step, until, -1 if limit is None else limit),
            _WINDOW,
        )
        names, scorers = self._names_of_kinds(), self._numbered_scorers()
        for page in stored:
            steps, kinds, numbers, scored_by = zip(*page, strict=True)
            if not names.keys() >= set(kinds):  # a new kind was added since
                names = self._names_of_kinds()
            if not scorers.keys() >= set(scored_by):
                scorers = self._numbered_scorers()
            for kind, size in set(zip(kinds, map(len, numbers), strict=True)):
                if kind not in names or size != 8 * len(names[kind]):
                    raise damaged(self.folder, ("damage.step", {"step": after_step}))
            if not scorers.keys() >= set(scored_by):
                raise damaged(self.folder, "damage.rewards")
            yield Window(steps, kinds, numbers, names, [scorers[number] for number in scored_by])

    def _scorer_column(self) -> str:
        with self._access, self._plainly():
            return scorer_column(self._database)

    def _numbered_scorers(self) -> dict[int | None, StoredScorer | None]:
        """Return each reward by its number; None is the unknown one of an earlier pgplay's steps."""
        stored = self._select(tuple[int, str, str], "SELECT id, hash, text FROM rewards")
        return {None: None, **{number: StoredScorer(*values) for number, *values in stored}}

    def scorers(self) -> list[ScoredSince]:
        """Return the rewards that scored the steps, in order; a new entry wherever another one took over."""
        changes = self._select(tuple[StepNumber, int | None], _SCORERS.format(scorer=self._scorer_column()))
        scorers = self._numbered_scorers()
        if not scorers.keys() >= {number for _, number in changes}:
            raise damaged(self.folder, "damage.rewards")
        return [ScoredSince(step, scorers[number]) for step, number in changes]

    def _names_of_kinds(self) -> dict[int, tuple[str, ...]]:
        stored = self._select(tuple[int, str], "SELECT id, names FROM names ORDER BY id")
        with self._plainly():
            names = {kind: _names_decoder.decode(text) for kind, text in stored}
        if any(len(set(of_kind)) < len(of_kind) for of_kind in names.values()):
            raise damaged(self.folder, "damage.metrics")
        return names

    def curves(self, most: int, until: int = LAST_STEP) -> MetricCurves:
        """Return every metric up to the step `until` in at most `most` buckets."""
        last = min(self.progress().steps, until)
        return curves_of(self.windows(until=last), last, most)

    def each_row(self, after_step: int = 0, limit: int | None = None) -> Iterator[tuple[int, dict[str, float]]]:
        """Return (step, metrics) of the steps after `after_step`, oldest first, at most `limit` of them."""
        return itertools.chain.from_iterable(window.rows() for window in self.windows(after_step, limit))

    def rows(self, after_step: int = 0, limit: int | None = None) -> list[tuple[int, dict[str, float]]]:
        """Return the rows of `each_row` as a list; for a long run that takes gigabytes."""
        return list(self.each_row(after_step, limit))

    def step_seconds(self, after_step: int = 0, limit: int | None = None) -> list[tuple[int, float]]:
        """Return (step, seconds of training until its end) of the steps after `after_step`, oldest first."""
        values = (after_step, -1 if limit is None else limit)
        query = "SELECT step, seconds FROM steps WHERE step > ? ORDER BY step LIMIT ?"
        return self._select(tuple[StepNumber, float], query, values)

    def row(self, step: int) -> dict[str, float]:
        """Return the metrics of `step`, none where it was not made."""
        return dict(self.each_row(step - 1, 1)).get(step, {})

    def metrics(self) -> list[str]:
        """Return the metrics of any step, in order of first appearance."""
        return list(dict.fromkeys(itertools.chain.from_iterable(self._names_of_kinds().values())))

    def samples(self, step: int) -> tuple[Sample, ...]:
        """Return the samples of `step`, or of the nearest earlier step with any; empty if there is none."""
        rows = self._select(
            tuple[bytes], "SELECT samples FROM samples WHERE step <= ? ORDER BY step DESC LIMIT 1", (step,)
        )
        with self._plainly():
            return _samples_decoder.decode(rows[0][0]) if rows else ()

    def traces(self, after_step: int = 0) -> Iterator[tuple[int, Trace]]:
        """Yield (step, trace) of the steps after `after_step` that have one, oldest first."""
        for step, detail in self._each(
            tuple[StepNumber, bytes],
            "SELECT step, detail FROM details WHERE kind = 'trace' AND step > ? ORDER BY step",
            (after_step,),
        ):
            with self._plainly():
                trace = _traces_decoder.decode(detail)
            yield step, trace

    def step_detail(self, step: int) -> StepDetail | None:
        """Return the full record of `step`; None if it was not recorded in full."""
        rows = self._select(tuple[bytes], "SELECT detail FROM details WHERE kind = 'anatomy' AND step = ?", (step,))
        with self._plainly():
            return _step_details_decoder.decode(rows[0][0]) if rows else None

    def detailed_steps(self) -> list[int]:
        """Return the steps that were recorded in full, in order."""
        return self._steps("SELECT step FROM details WHERE kind = 'anatomy' ORDER BY step")

    def sampled_steps(self) -> list[int]:
        """Return the steps whose samples are kept, in order."""
        return self._steps("SELECT step FROM samples ORDER BY step")

    def events(self) -> list[RunEvent]:
        """Return the run's events, oldest first."""
        return self._select(RunEvent, "SELECT step, kind, detail FROM events ORDER BY id")

    def checkpoints(self) -> list[int]:
        """Return the steps that the run can resume from, in order."""
        return list(all_checkpoints(self.folder))

    def progress(self) -> RunProgress:
        """Return how far the run got, without reading its history."""
        rows = self._select(
            RunProgress,
            "SELECT step, seconds, completions, (SELECT max(reward_mean) FROM steps), reward_mean"
            " FROM steps ORDER BY step DESC LIMIT 1",
        )
        return rows[0] if rows else RunProgress(0, 0.0, 0, None, None)

    def check(self) -> None:
        """Read a little of every table; raises PgplayError for values that a store of pgplay never holds."""
        self.events()
        last = self.progress().steps
        self.row(last)
        self.samples(last)

    def close(self) -> None:
        """Close the store."""
        with self._access:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _read_config(self) -> RunConfig:
        text = self._value("config")
        try:
            with self._plainly():
                settings = msgspec.json.decode(text, type=dict[str, Any])
            return make_config(settings)
        except InputError as error:
            raise PgplayError("run.other_settings", name=self.name, cause=error) from error

    def _value(self, key: str) -> str:
        values = self._values(key)
        if not values:
            raise damaged(self.folder, ("damage.lacks_value", {"name": key}))
        return values[0]

    def _values(self, key: str) -> list[str]:
        return [value for (value,) in self._select(tuple[str], "SELECT value FROM run WHERE key = ?", (key,))]

    def _value_if_any(self, key: str) -> str:
        return next(iter(self._values(key)), "")

    def _steps(self, query: str) -> list[int]:
        return [step for (step,) in self._select(tuple[StepNumber], query)]

    def _select(self, kind: type[Row], query: str, values: Iterable[Any] = ()) -> list[Row]:
        return list(self._each(kind, query, values))

    def _each(self, kind: type[Row], query: str, values: Iterable[Any] = ()) -> Iterator[Row]:
        """Yield the rows of `query`, each checked to be of `kind`; memory does not grow with their number."""
        return itertools.chain.from_iterable(self._pages(kind, query, values))

    def _pages(self, kind: type[Row], query: str, values: Iterable[Any] = (), size: int = _PAGE) -> Iterator[list[Row]]:
        """Yield the rows of `_each` in lists of 1 to `size`."""
        cursor = None
        while True:
            with self._access, self._plainly():
                self._deadline = time.monotonic() + _READ_LIMIT
                try:
                    cursor = cursor or self._database.execute(query, tuple(values))
                    fetched = cursor.fetchmany(size)
                finally:
                    self._deadline = math.inf
                rows = msgspec.convert(fetched, list[kind], builtin_types=(bytes,))  # type: ignore[valid-type]
            if rows:
                yield rows
            if len(rows) < size:
                return

    def _plainly(self) -> AbstractContextManager[None]:
        return plain_database_errors(self.folder)
