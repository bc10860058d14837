"""The library of saved policies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from pgplay.app.drawing import number_format
from pgplay.app.drawing.terminal_text import plain
from pgplay.app.notices import notify_user
from pgplay.app.screens.dialogs.base import FILTER, LEAVE
from pgplay.app.screens.dialogs.questions import AskDialog, ConfirmDialog
from pgplay.app.screens.library.listing import Listing
from pgplay.library.policies import BrokenPolicy
from pgplay.library.policy_card import PolicyCard
from pgplay.library.policy_library import PolicyLibrary

WITH_POLICY = ("write", "train_on", "export")
OF_ONES_OWN = ("rename", "delete")
SHIPPED = "ships with pgplay"
"""Shown instead of a date for policies that ship with pgplay."""


class Library(Listing):
    """Lists the policies; the app provides `write` and `train_on`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w,enter", "write", "write", key_display="w"),
        Binding("t", "train_on", "train on"),
        Binding("n", "rename", "rename"),
        Binding("delete,backspace", "delete", "delete", key_display="del"),
        Binding("e", "export", "export"),
        Binding("i", "import", "import"),
        FILTER,
        LEAVE,
    ]
    HEADING = "Policies"
    PAGE = 1
    COLUMNS = (("Name", 22), ("Target", 30), ("Reward", 18), ("Model", 18), ("Reached", 8), ("Saved", 17))
    GIVE_WAY = ("Model", "Saved")
    GROW = ("Name", "Target", "Reward")
    NONE_YET = "No saved policies yet. Train one and press ctrl+s on the main screen, or press i to import one."

    def __init__(
        self,
        library: PolicyLibrary,
        write: Callable[[PolicyCard], None],
        train_on: Callable[[PolicyCard], object],
    ) -> None:
        super().__init__()
        self._library = library
        self._write, self._train_on = write, train_on
        self._policies: dict[str, PolicyCard | BrokenPolicy] = {}
        self._shipped: set[str] = set()

    def rows(self) -> Sequence[tuple[str, Sequence[str]]]:
        """Return all policies: a broken one with its reason instead of the target, shipped ones last."""
        shipped = self._library.shipped()
        self._shipped = {policy.name for policy in shipped}
        self._policies = {policy.name: policy for policy in (*self._library.policies(), *shipped)}
        return [(name, _cells(policy, self._saved(policy))) for name, policy in self._policies.items()]

    def hint(self, name: str) -> str:
        """Return why a policy is broken, or its whole target."""
        policy = self._policies[name]
        if isinstance(policy, BrokenPolicy):
            return f"✗ {plain(policy.reason)}"
        prompts = f" (and {len(policy.task.training) - 1} more)" if len(policy.task.training) > 1 else ""
        target = plain(policy.task.training[0].target)
        text = plain(str(policy.config.get("warm_text", "")))
        skill = f"writes: {target}{prompts}" if target else f"no target: writes like the text {text}"
        if name in self._shipped:
            return f"{skill} · {plain(policy.model)}, {SHIPPED}. ctrl+s on the main screen saves yours."
        place = f", trained on {plain(policy.host)}" if policy.host else ""
        return f"{skill} · {plain(policy.model)}, {policy.steps} steps, saved {self._saved(policy)}{place}"

    def _saved(self, policy: PolicyCard | BrokenPolicy) -> str:
        if isinstance(policy, BrokenPolicy):
            return ""
        return SHIPPED if policy.name in self._shipped else policy.created[:16].replace("T", " ")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable actions that need a readable policy, or one of the person's own."""
        if not self.is_mounted:
            return True
        name = self.selected or ""
        if action in WITH_POLICY:
            return True if isinstance(self._policies.get(name), PolicyCard) else None
        if action in OF_ONES_OWN:
            return True if name in self._policies and name not in self._shipped else None
        return True

    def on_data_table_row_highlighted(self) -> None:
        """Update hint and footer when the cursor moves."""
        super().on_data_table_row_highlighted()
        self.refresh_bindings()

    def on_data_table_row_selected(self) -> None:
        """Sample from the policy: enter on its row."""
        self.action_write()

    def action_write(self) -> None:
        """Sample from the policy under the cursor."""
        policy = self._policies.get(self.selected or "")
        if isinstance(policy, PolicyCard):
            self._write(policy)

    def action_train_on(self) -> None:
        """Train the policy under the cursor further."""
        policy = self._policies.get(self.selected or "")
        if isinstance(policy, PolicyCard):
            self.dismiss()
            self._train_on(policy)

    @work
    async def action_rename(self) -> None:
        """Ask for a new name."""
        name = self.selected
        if name is None:
            return

        question = f"New name for {name}:"
        answer = await self.app.push_screen_wait(
            AskDialog("Rename", question, name, yes="Rename", check=partial(self._library.rename, name))
        )
        if answer is not None:
            self.reload(select=answer)

    @work
    async def action_delete(self) -> None:
        """Delete the policy under the cursor, after a question."""
        name = self.selected
        if name is None:
            return

        question = f"Delete the policy {name}? This cannot be undone."
        if await self.app.push_screen_wait(ConfirmDialog("Delete", question, "Delete")):
            self.attempt(lambda: self._library.delete(name))
            self.reload()

    @work
    async def action_export(self) -> None:
        """Ask for a file and export the policy to it."""
        name = self.selected
        if name is None:
            return
        exported: list[Path] = []
        answer = await self.app.push_screen_wait(
            AskDialog(
                "Export",
                f"Export {name} to which file?",
                f"{name}.pgplay",
                yes="Export",
                check=lambda file: exported.append(self._library.export_to(name, file)),
            )
        )
        if answer is not None:
            notify_user(self.app, f"Exported to {exported[-1]}.")

    @work
    async def action_import(self) -> None:
        """Ask for a file and import its policy."""
        imported: list[PolicyCard] = []
        answer = await self.app.push_screen_wait(
            AskDialog(
                "Import",
                "Import which file? (*.pgplay)",
                yes="Import",
                check=lambda file: imported.append(self._library.import_from(file)),
            )
        )
        if answer is not None:
            self.reload(select=imported[-1].name)


def _cells(policy: PolicyCard | BrokenPolicy, saved: str) -> list[str]:
    if isinstance(policy, BrokenPolicy):
        return [policy.name, f"✗ {policy.reason}", "", "", "", saved]
    target = policy.task.name if policy.task.has_prompts else policy.task.training[0].target or "(none)"
    reached = "" if policy.reached is None else number_format.reward(policy.reached)
    return [policy.name, target, policy.reward, policy.model, reached, saved]
