"""Getting a pretrained model: it is offered with its size, then downloaded or converted."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Button, ProgressBar, Static

from pgplay.app.background import in_daemon_thread
from pgplay.app.drawing.terminal_text import terminal_text
from pgplay.app.model_command import ModelCommand
from pgplay.app.screens.dialogs.base import Dialog
from pgplay.errors import PgplayError
from pgplay.locale.catalog import text_of
from pgplay.locale.quoting import memory_size
from pgplay.model_places import HubModel, hub_model

ASKING = "Asking the Hugging Face Hub about {name}…"
CONVERTING = "Converting {name} (only this once)…"
_LOOK_INTERVAL = 0.5
"""Seconds between updates of the progress."""


class GetModelDialog(Dialog[bool]):
    """Returns whether the model `name` was obtained; Escape ends a download, which can be continued later."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(False)", "No")]
    AUTO_FOCUS = "#no"

    def __init__(self, name: str) -> None:
        super().__init__()
        self._model = name
        self._on_hub = hub_model(name)
        """None for a .gguf file."""
        self._command = ModelCommand()
        self._looking: Timer | None = None
        self._total_bytes = 0

    def compose(self) -> ComposeResult:
        """Compose the dialog."""
        with Vertical(id="get-model", classes="dialog") as dialog:
            dialog.border_title = "The model is not on this machine"
            yield Static(classes="words")
            yield ProgressBar(show_eta=False)
            yield Static(classes="muted")
            with Horizontal(classes="buttons"):
                yield Button("Not now", id="no")
                yield Button("Download", id="yes", variant="primary")

    def on_mount(self) -> None:
        """Ask the Hub for the size, or convert a file, which needs no consent."""
        self.query_one(ProgressBar).display = False
        self.query_one("#yes").display = False
        self.run_worker(self._ask() if self._on_hub else self._add(CONVERTING.format(name=self._model)))

    def on_unmount(self) -> None:
        """Stop the command, if one is running."""
        self._command.stop()

    @on(Button.Pressed)
    def _answered(self, event: Button.Pressed) -> None:
        model = self._on_hub
        if event.button.id == "no" or model is None:
            self.dismiss(False)
            return
        event.button.display = False
        self.query_one("#no", Button).label = "Stop"
        bar = self.query_one(ProgressBar)
        bar.display = True
        bar.update(total=self._total_bytes)
        self._looking = self.set_interval(_LOOK_INTERVAL, lambda: self._look(model))
        self.run_worker(self._add(f"Downloading {self._model}…"))

    async def _ask(self) -> None:
        self._say(ASKING.format(name=self._model))
        try:
            model = await self._command.show(self._model)
        except PgplayError as error:
            self._fail(error)
            return
        self._total_bytes = model["size"]
        values = {"name": self._model, "megabytes": self._total_bytes / 1e6, "commit": model["commit"][:12]}
        self._say(text_of("question.download", values))
        self.query_one("#yes").display = True
        self.query_one("#yes").focus()

    async def _add(self, message: str) -> None:
        self._say(message)
        try:
            await self._command.add(self._model)
        except PgplayError as error:
            self._fail(error)
            return
        self.dismiss(True)

    async def _look(self, model: HubModel) -> None:
        """Show the downloaded share of the model."""
        count = await in_daemon_thread(model.bytes_here)
        self.query_one(ProgressBar).update(progress=min(count, self._total_bytes))
        self.query_one(".muted", Static).update(f"{memory_size(count)} of {memory_size(self._total_bytes)}")

    def _say(self, message: str) -> None:
        self.query_one(".words", Static).update(terminal_text(message, lines=True))

    def _fail(self, error: PgplayError) -> None:
        if self._looking is not None:
            self._looking.stop()
        self._say(str(error))
        self.query_one("#no", Button).label = "Close"
