"""Reading a task of another package, once: what is on this machine, or after a question from the Hugging Face Hub."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from pgplay.app.drawing.terminal_text import terminal_text
from pgplay.app.model_command import TaskReader
from pgplay.app.screens.dialogs.base import Dialog
from pgplay.errors import PgplayError
from pgplay.locale.catalog import text_of
from pgplay.tasks.outside import OutsideTask
from pgplay.tasks.outside_pairs import NOT_CACHED


class GetTaskDialog(Dialog[bool]):
    """Returns whether the pairs of `task` were read; Escape ends that."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(False)", "No")]
    AUTO_FOCUS = "#no"

    def __init__(self, task: OutsideTask) -> None:
        super().__init__()
        self._wanted = task
        self._reader = TaskReader()

    def compose(self) -> ComposeResult:
        """Compose the dialog."""
        with Vertical(id="get-task", classes="dialog") as dialog:
            dialog.border_title = "A task of another package"
            yield Static(classes="words")
            with Horizontal(classes="buttons"):
                yield Button("Stop", id="no")
                yield Button("Download", id="yes", variant="primary")

    def on_mount(self) -> None:
        """Read what is on this machine, which needs no consent."""
        self.query_one("#yes").display = False
        self.run_worker(self._read_here())

    def on_unmount(self) -> None:
        """Stop reading."""
        self._reader.stop()

    @on(Button.Pressed)
    def _answered(self, event: Button.Pressed) -> None:
        if event.button.id == "no":
            self.dismiss(False)
            return
        event.button.display = False
        self.query_one("#no", Button).label = "Stop"
        self.run_worker(self._download())

    async def _read_here(self) -> None:
        self._say(f"Reading {self._wanted.text} (only this once)…")
        try:
            await self._reader.read(self._wanted, download=False)
        except PgplayError as error:
            if error.code == NOT_CACHED:
                await self._ask()
            else:
                self._fail(error)
        else:
            self.dismiss(True)

    async def _ask(self) -> None:
        """Offer the download with its size."""
        self._say("Asking the Hugging Face Hub…")
        try:
            size = await self._reader.size(self._wanted)
        except PgplayError as error:
            self._fail(error)
            return
        self._say(text_of("question.download_data", {"name": self._wanted.name, "megabytes": size / 1e6}))
        self.query_one("#no", Button).label = "Not now"
        self.query_one("#yes").display = True
        self.query_one("#yes").focus()

    async def _download(self) -> None:
        self._say(f"Downloading {self._wanted.text}…")
        try:
            await self._reader.read(self._wanted, download=True)
        except PgplayError as error:
            self._fail(error)
        else:
            self.dismiss(True)

    def _say(self, message: str) -> None:
        self.query_one(".words", Static).update(terminal_text(message, lines=True))

    def _fail(self, error: PgplayError) -> None:
        self._say(str(error))
        self.query_one("#no", Button).label = "Close"
