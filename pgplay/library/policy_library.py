"""The saved policies by name, wherever they are kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pgplay.library.policies import BrokenPolicy
    from pgplay.library.policy_card import PolicyCard


class PolicyLibrary(Protocol):
    """Saved policies; every method raises PgplayError with what was wrong."""

    def policies(self) -> list[PolicyCard | BrokenPolicy]:
        """Return the saved policies, the newest first."""
        ...

    def shipped(self) -> list[PolicyCard]:
        """Return the policies that ship with pgplay."""
        ...

    def rename(self, name: str, new_name: str) -> None:
        """Rename the policy `name`."""
        ...

    def delete(self, name: str) -> None:
        """Delete the policy `name`."""
        ...

    def export_to(self, name: str, file: str) -> Path:
        """Write the policy `name` to a file, and return its path."""
        ...

    def import_from(self, file: str) -> PolicyCard:
        """Add the policy in a file, and return its card."""
        ...


class LocalPolicyLibrary:
    """The policies in this machine's library; what reads them is loaded when first needed."""

    def policies(self) -> list[PolicyCard | BrokenPolicy]:
        """Return the saved policies, the newest first."""
        from pgplay.library.policies import list_policies

        return list_policies()

    def shipped(self) -> list[PolicyCard]:
        """Return the policies that ship with pgplay."""
        from pgplay.library.policies import shipped_policies

        return shipped_policies()

    def rename(self, name: str, new_name: str) -> None:
        """Rename the policy `name`."""
        from pgplay.library.policies import rename_policy

        rename_policy(name, new_name)

    def delete(self, name: str) -> None:
        """Delete the policy `name`."""
        from pgplay.library.policies import delete_policy

        delete_policy(name)

    def export_to(self, name: str, file: str) -> Path:
        """Write the policy `name` to a file, and return its path."""
        from pgplay.library.archive import export_policy

        return export_policy(name, file)

    def import_from(self, file: str) -> PolicyCard:
        """Add the policy in a file, and return its card."""
        from pgplay.library.archive import import_policy

        return import_policy(file)
