"""The stored sweeps by name, wherever they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pgplay.experiments.recipes import RecipeEntry
    from pgplay.experiments.sweep_list import SweepSummary
    from pgplay.experiments.sweep_view import SweepReader
    from pgplay.runs.summaries import RunSummary
    from pgplay.worker.client.helper_process import HelperProcess


class SweepLibrary(Protocol):
    """Stored sweeps; every method raises PgplayError with what was wrong."""

    trains: bool
    """Whether sweeps can be trained where the runs are."""

    def summaries(self, runs: Sequence[RunSummary]) -> list[SweepSummary]:
        """Return every sweep in brief, the newest first, with what all stored `runs` say about it."""
        ...

    def reader(self, name: str) -> SweepReader:
        """Return what reads the sweep `name` again and again."""
        ...

    def delete(self, name: str) -> None:
        """Delete the sweep `name`, which is not being trained, with its runs."""
        ...

    def rename(self, name: str, new_name: str) -> None:
        """Rename the sweep `name`."""
        ...

    def write_note(self, name: str, note: str) -> None:
        """Keep `note` with the sweep `name`."""
        ...

    def create(self, entries: Sequence[RecipeEntry], seeds: Sequence[int], ranked_by: str) -> str:
        """Store a sweep of `entries` with `seeds`, and return its name."""
        ...

    def add_seeds(self, name: str, count: int) -> None:
        """Plan `count` more seeds for each row of the sweep `name`."""
        ...

    def train(self, name: str) -> HelperProcess:
        """Start the process that trains what is left of the sweep `name`; raises OSError where it can't be started."""
        ...


class LocalSweepLibrary:
    """The sweeps stored on this machine; what reads them is loaded when first needed."""

    trains: bool = True

    def summaries(self, runs: Sequence[RunSummary]) -> list[SweepSummary]:
        """Return every sweep in brief, the newest first, with what all stored `runs` say about it."""
        from pgplay.experiments.sweep_list import list_sweeps

        return list_sweeps(runs)

    def reader(self, name: str) -> SweepReader:
        """Return what reads the sweep `name` again and again."""
        from pgplay.experiments.sweep_view import SweepReader

        return SweepReader(name)

    def delete(self, name: str) -> None:
        """Delete the sweep `name`, which is not being trained, with its runs."""
        from pgplay.experiments.sweeps import delete_sweep

        delete_sweep(name)

    def rename(self, name: str, new_name: str) -> None:
        """Rename the sweep `name`."""
        from pgplay.experiments.sweeps import rename_sweep

        rename_sweep(name, new_name)

    def write_note(self, name: str, note: str) -> None:
        """Keep `note` with the sweep `name`."""
        from pgplay.experiments.sweeps import write_sweep_note

        write_sweep_note(name, note)

    def create(self, entries: Sequence[RecipeEntry], seeds: Sequence[int], ranked_by: str) -> str:
        """Store a sweep of `entries` with `seeds`, and return its name."""
        from pgplay.experiments.sweeps import create_sweep

        return create_sweep(entries, [seeds], ranked_by).name

    def add_seeds(self, name: str, count: int) -> None:
        """Plan `count` more seeds for each row of the sweep `name`."""
        from pgplay.experiments.sweeps import add_seeds, open_sweep

        add_seeds(open_sweep(name), count)

    def train(self, name: str) -> HelperProcess:
        """Start the process that trains what is left of the sweep `name`; raises OSError where it can't be started."""
        from pgplay.worker.client.helper_process import HelperProcess

        return HelperProcess("pgplay.experiments", name)


class NoSweeps(LocalSweepLibrary):
    """What is shown of sweeps beside the runs of another machine, which are listed one by one."""

    trains: bool = False

    def summaries(self, runs: Sequence[RunSummary]) -> list[SweepSummary]:
        """Return none: the sweeps of this machine are not among the other one's runs."""
        return []
