"""The libraries of the app whose worker is on another machine: what they hold is kept there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import msgspec

from pgplay.errors import PgplayError
from pgplay.worker.client.fetching import fetch
from pgplay.worker.protocol.commands import FetchRun, ListRuns

if TYPE_CHECKING:
    from pgplay.library.policies import BrokenPolicy
    from pgplay.library.policy_card import PolicyCard
    from pgplay.runs.reader import RunReader
    from pgplay.runs.summaries import RunSummary

NOT_THERE = {
    "library": "ssh.policies_there",
    "sweep": "ssh.no_sweep_there",
}
"""The app's actions that need what is stored on this machine, with the error that says what to do instead."""


class FarRunLibrary:
    """The runs of `host`: read as copies that are fetched, and changed by commands there."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._summaries: list[RunSummary] = []

    def _refuse(self) -> NoReturn:
        raise PgplayError("ssh.runs_there", host=self.host)

    def refresh(self) -> bool:
        """Fetch the list of runs."""
        from pgplay.runs.summaries import RunSummary

        self._summaries = msgspec.json.decode(fetch(self.host, ListRuns()), type=list[RunSummary])
        return True

    def summaries(self) -> list[RunSummary]:
        """Return every run of the list that was fetched last, the newest first."""
        return self._summaries

    def open(self, name: str) -> RunReader:
        """Open a copy of the run `name` as it is now, to be closed."""
        from pgplay.runs.copies import CopyReader, RunCopy

        return CopyReader(msgspec.msgpack.decode(fetch(self.host, FetchRun(name=name)), type=RunCopy))

    def last_checkpoint(self, name: str) -> NoReturn:
        """Refuse."""
        self._refuse()

    def delete(self, name: str) -> NoReturn:
        """Refuse."""
        self._refuse()

    def rename(self, name: str, new_name: str) -> NoReturn:
        """Refuse."""
        self._refuse()

    def write_note(self, name: str, note: str) -> NoReturn:
        """Refuse."""
        self._refuse()


class FarPolicyLibrary:
    """The policies of `host`, as `FarRunLibrary`; their names are unknown here, so that none counts as taken."""

    def __init__(self, host: str) -> None:
        self._host = host

    def _refuse(self) -> NoReturn:
        raise PgplayError("ssh.policies_there", host=self._host)

    def policies(self) -> list[PolicyCard | BrokenPolicy]:
        """Return nothing; the worker refuses a name that is taken there."""
        return []

    def shipped(self) -> list[PolicyCard]:
        """Return nothing."""
        return []

    def rename(self, name: str, new_name: str) -> NoReturn:
        """Refuse."""
        self._refuse()

    def delete(self, name: str) -> NoReturn:
        """Refuse."""
        self._refuse()

    def export_to(self, name: str, file: str) -> Path:
        """Refuse."""
        self._refuse()

    def import_from(self, file: str) -> NoReturn:
        """Refuse."""
        self._refuse()
