"""The libraries of the app whose worker is on another machine: what they hold is kept there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pgplay.errors import PgplayError

if TYPE_CHECKING:
    from pgplay.library.policies import BrokenPolicy
    from pgplay.library.policy_card import PolicyCard

NOT_THERE = {
    "runs": "ssh.runs_there",
    "place_library": "ssh.runs_there",
    "library": "ssh.policies_there",
    "sweep": "ssh.no_sweep_there",
}
"""The app's actions that need what is stored on this machine, with the error that says what to do instead."""


class FarRunLibrary:
    """The runs of `host`, which the app does not read: each method says so, and with which command to look at them."""

    def __init__(self, host: str) -> None:
        self._host = host

    def _refuse(self) -> NoReturn:
        raise PgplayError("ssh.runs_there", host=self._host)

    def summaries(self) -> NoReturn:
        """Refuse."""
        self._refuse()

    def open(self, name: str) -> NoReturn:
        """Refuse."""
        self._refuse()

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
