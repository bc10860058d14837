"""Stored sweeps: a folder each that says what is trained; the runs, stored like all others, name the sweep.

So a sweep is one thing to open, resume and delete, whoever trains it: a file that rarely changes, and runs that are
safe at any instant.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

import msgspec

from pgplay.config.run_config import make_config, to_settings
from pgplay.errors import InputError, PgplayError, look_up
from pgplay.experiments.recipes import RecipeEntry, check_seeds
from pgplay.experiments.statistics.estimates import FEW
from pgplay.files.atomic import as_user_errors, delete_folder, kept_folders, new_folder, sync_folder, write_atomically
from pgplay.files.locks import FileLock, is_held, locked_folder
from pgplay.files.names import check_name, same_name
from pgplay.library.consents import recall, remember_own
from pgplay.paths import runs_folder, sweeps_folder
from pgplay.rewards.spec import Origin, RewardSpec, read_spec
from pgplay.runs.labels import LONGEST_NOTE
from pgplay.runs.names import free_name, is_taken, slug
from pgplay.runs.summaries import delete_run, list_runs

_FILE, _LOCK = "sweep.json", ".lock"
_LOCK_PATIENCE = 0.5  # seconds; outlasts a process that only looks whether the sweep is being trained


SweepState = Literal["training", "finished", "interrupted"]


class StoredRow(msgspec.Struct, frozen=True, kw_only=True):
    """One recipe: its settings without a seed, how it is called, and the Python of its rewards as (file, text)."""

    settings: dict[str, Any]
    label: str
    differs: str
    python: dict[str, tuple[str, str]] = {}


class FailedStart(msgspec.Struct, frozen=True):
    """A run that failed before it was stored: its row, its seed and why."""

    row: int
    seed: int
    reason: tuple[str, dict[str, Any]]


class SweepPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep trains, and how far it was planned and done.

    `identity` never changes, and the sweep's runs hold it. `looks` are the seeds to add before each look at the
    differences, of which `begun` have begun and are trained in any case. With `takes_others`, stored runs of the
    same recipe and seed count too. `finished`: all that was planned is trained. `jobs` is the number of runs at
    once while it was last trained.
    """

    identity: str
    created: str
    rows: tuple[StoredRow, ...]
    looks: tuple[tuple[int, ...], ...]
    ranked_by: str
    takes_others: bool = False
    begun: int = 1
    finished: bool = False
    jobs: int = 1
    failed_starts: tuple[FailedStart, ...] = ()
    note: str = ""

    @property
    def seeds(self) -> list[int]:
        """The seeds of the looks that have begun."""
        return [seed for look in self.looks[: self.begun] for seed in look]


class Sweep(NamedTuple):
    """A stored sweep as it is now."""

    folder: Path
    plan: SweepPlan

    @property
    def name(self) -> str:
        """Its name, which a person may change."""
        return self.folder.name

    @property
    def is_trained(self) -> bool:
        """Whether a process trains it now."""
        return is_held(self.folder / _LOCK)

    @property
    def state(self) -> SweepState:
        """Whether it is being trained, all that was planned is done, or something is left."""
        return "training" if self.is_trained else "finished" if self.plan.finished else "interrupted"

    @property
    def entries(self) -> list[RecipeEntry]:
        """Its recipes, their Python allowed where the person consented; raises InputError for other settings."""
        return [_entry(row, self.name) for row in self.plan.rows]

    @property
    def own_runs(self) -> list[str]:
        """The names of the runs that belong to it, newest first."""
        return [run.name for run in list_runs() if run.sweep == self.plan.identity]

    def change(self, **values: Any) -> Self:
        """Store other `values` of the plan, and return the sweep with them; raises PgplayError."""
        with locked_folder(sweeps_folder()):
            plan = msgspec.structs.replace(plan_in(self.folder), **values)
            write_atomically(self.folder / _FILE, msgspec.json.encode(plan))
        return self._replace(plan=plan)

    @contextlib.contextmanager
    def claimed(self) -> Iterator[None]:
        """Hold the sweep for training; raises InputError where another process trains it."""
        lock = FileLock(self.folder / _LOCK)
        if not lock.take(_LOCK_PATIENCE):
            raise InputError("sweep.in_training", name=self.name)
        try:
            yield
        finally:
            lock.release()


def create_sweep(
    entries: Sequence[RecipeEntry], looks: Sequence[Sequence[int]], ranked_by: str, *, takes_others: bool = False
) -> Sweep:
    """Store a sweep of `entries` with the seeds of `looks`, and return it; raises PgplayError where it can't."""
    plan = SweepPlan(
        identity=secrets.token_hex(8),
        created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        rows=tuple(map(_row, entries)),
        looks=tuple(map(tuple, looks)),
        ranked_by=ranked_by,
        takes_others=takes_others,
    )
    for spec in {spec for entry in entries for spec in entry.rewards}:
        remember_own(spec)
    with locked_folder(runs_folder()), locked_folder(sweeps_folder()):
        folder = sweeps_folder() / free_name(f"sweep-{date.today().isoformat()}-{slug(entries[0].config)}")
        with new_folder(folder) as aside:
            write_atomically(aside / _FILE, msgspec.json.encode(plan))
    return Sweep(folder, plan)


def find_same(entries: Sequence[RecipeEntry], ranked_by: str) -> Sweep | None:
    """Return the newest sweep of these recipes, with the same Python; None if there is none."""
    rows = msgspec.json.encode(list(map(_row, entries)))
    sweeps = [
        sweep
        for sweep in readable_sweeps()
        if sweep.plan.ranked_by == ranked_by and msgspec.json.encode(sweep.plan.rows) == rows
    ]
    return max(sweeps, key=lambda sweep: sweep.plan.created, default=None)


def open_sweep(name: str) -> Sweep:
    """Return the sweep called `name`; raises InputError for an unknown one, PgplayError for a damaged one."""
    folder = find_sweep(name)
    return Sweep(folder, plan_in(folder))


def find_sweep(name: str) -> Path:
    """Return the folder of the sweep called `name`; raises InputError with the nearest name where there is none."""
    return look_up("sweep", name, {folder.name: folder for folder in kept_folders(sweeps_folder())})


def is_sweep(name: str) -> bool:
    """Whether there is a sweep called `name`."""
    return any(folder.name == name for folder in kept_folders(sweeps_folder()))


def readable_sweeps() -> list[Sweep]:
    """Return every sweep that can be read."""
    sweeps = []
    for folder in kept_folders(sweeps_folder()):
        with contextlib.suppress(PgplayError):
            sweeps.append(Sweep(folder, plan_in(folder)))
    return sweeps


def delete_sweep(name: str) -> None:
    """Delete the sweep called `name` with all its runs; one whose file is damaged without them.

    Raises InputError for an unknown sweep and for one that is being trained.
    """
    folder = find_sweep(name)
    if is_held(folder / _LOCK):
        raise InputError("sweep.in_training", name=name)
    runs: list[str] = []
    with contextlib.suppress(PgplayError):
        runs = Sweep(folder, plan_in(folder)).own_runs
    for run in runs:
        delete_run(run)
    with locked_folder(sweeps_folder()):
        delete_folder(folder)


def rename_sweep(name: str, new_name: str) -> None:
    """Rename a sweep; raises InputError for an unknown, bad or taken name, and for a sweep that is being trained."""
    new_name = check_name("sweep", new_name)
    with locked_folder(runs_folder()), locked_folder(sweeps_folder()):
        folder = find_sweep(name)
        if not same_name(name, new_name) and is_taken(new_name):
            raise InputError("run.taken", name=new_name)
        if is_held(folder / _LOCK):
            raise InputError("sweep.in_training", name=name)
        with as_user_errors("action.rename_run", folder):
            folder.rename(folder.with_name(new_name))
            sync_folder(folder.parent)


def write_sweep_note(name: str, note: str) -> None:
    """Keep `note` with the sweep called `name`; an empty one removes it. Raises InputError for one that is too long."""
    if len(note) > LONGEST_NOTE:
        raise InputError("run.long_note", most=LONGEST_NOTE)
    open_sweep(name).change(note=" ".join(note.split()))


def plan_seeds(sweep: Sweep, looks: Sequence[Sequence[int]]) -> Sweep:
    """Store that the seeds of `looks` are to be trained, a single look in any case, and return the sweep.

    Seeds that are there already are a look of their own where they are enough for a test: another look has its price,
    whoever planned it.
    """
    seen, planned = sweep.plan.seeds, {seed for look in looks for seed in look}
    judged = sweep.plan.looks[: sweep.plan.begun] if len(seen) >= FEW and set(seen) <= planned else ()
    known = {seed for look in judged for seed in look}
    further = [rest for look in looks if (rest := tuple(seed for seed in look if seed not in known))]
    begun = len(judged) + len(further) if len(looks) == 1 else max(1, len(judged))
    return sweep.change(looks=(*judged, *further), begun=begun, finished=False)


def add_seeds(sweep: Sweep, count: int) -> Sweep:
    """Store that `count` more seeds are to be trained, in place of those that have not begun."""
    first = 1 + max(sweep.plan.seeds)
    more = check_seeds(range(first, first + count), str(count))
    return plan_seeds(sweep, [[*sweep.plan.seeds, *more]])


def _row(entry: RecipeEntry) -> StoredRow:
    python = {spec.text: (spec.source.file, spec.code) for spec in entry.rewards if spec.source is not None}
    return StoredRow(settings=to_settings(entry.config), label=entry.label, differs=entry.differs, python=python)


def _entry(row: StoredRow, sweep: str) -> RecipeEntry:
    config = make_config(row.settings)
    return RecipeEntry(row.label, row.differs, config, tuple(_specs(row.python, config, sweep)))


def _specs(python: Mapping[str, tuple[str, str]], config: Any, sweep: str) -> Iterator[RewardSpec]:
    """Yield the rewards of a row: the file may be somebody else's, so only recorded consent allows its Python."""
    for text in (config.reward, *config.measure):
        file, code = python.get(text, ("", ""))
        spec = read_spec(text, Origin("sweep", sweep), code, file)
        yield recall(msgspec.structs.replace(spec, kept=True))


def plan_in(folder: Path) -> SweepPlan:
    """Return the plan of the sweep in `folder`; raises PgplayError for a damaged one."""
    path = folder / _FILE
    try:
        with as_user_errors("action.read_sweep", path):
            plan = msgspec.json.decode(path.read_bytes(), type=SweepPlan)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PgplayError("sweep.damaged", name=folder.name, path=path, reason=str(error)) from error
    if not plan.rows or not plan.looks or not all(plan.looks):
        raise PgplayError("sweep.damaged", name=folder.name, path=path, reason="no rows or seeds")
    return plan

