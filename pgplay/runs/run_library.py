"""The stored runs by name, wherever they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pgplay.runs.reader import RunReader
    from pgplay.runs.summaries import RunSummary


class RunLibrary(Protocol):
    """Stored runs; every method raises PgplayError with what was wrong."""

    host: str
    """The machine that keeps them, where whoever resumes a run that trains takes it over; empty for this one."""

    def refresh(self) -> bool:
        """Bring what `summaries` returns up to date where that takes long, in a thread that may wait; returns True."""
        ...

    def summaries(self) -> list[RunSummary]:
        """Return every run in brief, the newest first; a damaged one with its problem."""
        ...

    def open(self, name: str) -> RunReader:
        """Open the run `name`, to be closed."""
        ...

    def last_checkpoint(self, name: str) -> int | None:
        """Return the step from which the run `name` would resume; None where it can't."""
        ...

    def delete(self, name: str) -> None:
        """Delete the run `name`, which is not being trained."""
        ...

    def rename(self, name: str, new_name: str) -> None:
        """Rename the run `name`."""
        ...

    def write_note(self, name: str, note: str) -> None:
        """Keep `note` with the run `name`."""
        ...


class LocalRunLibrary:
    """The runs stored on this machine; what reads them is loaded when first needed."""

    host: str = ""

    def refresh(self) -> bool:
        """Return True: the list is read as it is."""
        return True

    def summaries(self) -> list[RunSummary]:
        """Return every run in brief, the newest first; a damaged one with its problem."""
        from pgplay.runs.summaries import list_runs

        return list_runs()

    def open(self, name: str) -> RunReader:
        """Open the run `name`, to be closed."""
        from pgplay.runs.database_reader import DatabaseReader

        return DatabaseReader.open(name)

    def last_checkpoint(self, name: str) -> int | None:
        """Return the step from which the run `name` would resume; None where it can't."""
        from pgplay.runs.checkpoint_files import checkpoint_step
        from pgplay.runs.names import find_run

        return checkpoint_step(find_run(name))

    def delete(self, name: str) -> None:
        """Delete the run `name`, which is not being trained."""
        from pgplay.runs.summaries import delete_run

        delete_run(name)

    def rename(self, name: str, new_name: str) -> None:
        """Rename the run `name`."""
        from pgplay.runs.labels import rename_run

        rename_run(name, new_name)

    def write_note(self, name: str, note: str) -> None:
        """Keep `note` with the run `name`."""
        from pgplay.runs.labels import write_note

        write_note(name, note)
