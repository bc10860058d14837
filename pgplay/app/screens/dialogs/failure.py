"""The card that shows why a run or the worker ended, and offers to resume from the last checkpoint."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Static

from pgplay.app.drawing.terminal_text import as_title, terminal_text
from pgplay.app.messages import WorkerEvent, WorkerExit
from pgplay.app.screens.dialogs.base import Dialog
from pgplay.worker.protocol.events import Failed, StateChanged

Answer = Literal["close", "resume", "edit"]


class FailureCard(Dialog[Answer]):
    """Returns whether to resume the run, or (with `can_edit`) to fix the reward first."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss('close')", "Close")]

    def __init__(
        self, failure: Failed, log_tail: str = "", *, title: str = "The run stopped", can_edit: bool = False
    ) -> None:
        super().__init__()
        self._can_edit = can_edit
        self._failure, self._log_tail, self._title = failure, log_tail, title

    def compose(self) -> ComposeResult:
        """Compose the card."""
        failure = self._failure
        with Vertical(id="failure", classes="dialog -failure") as dialog:
            dialog.border_title = as_title(f"✗ {self._title}")
            yield Static(terminal_text(failure.problem, "bold", lines=True), classes="words")
            if failure.remedy:
                yield Static(terminal_text(failure.remedy, lines=True), classes="words")
            details = "\n\n".join(part.strip("\n") for part in (failure.details, self._log_tail) if part.strip())
            if details:
                with VerticalScroll(classes="details"):
                    yield Static(terminal_text(details, lines=True))
            with Horizontal(classes="buttons"):
                yield Button("Close", id="close")
                if self._can_edit:
                    yield Button("Fix the reward", id="edit", variant="primary")
                if failure.run:
                    step = failure.checkpoint_step
                    label = f"Resume from step {step}" if step is not None else "Resume from the last checkpoint"
                    yield Button(label, id="resume", variant="default" if self._can_edit else "primary")

    def on_mount(self) -> None:
        """Focus the button that fixes or resumes, if there is one."""
        self.query_one("#edit" if self._can_edit else "#resume" if self._failure.run else "#close").focus()

    @on(WorkerEvent)
    def _worker_event(self, message: WorkerEvent) -> None:
        """Close if the run trains again: saving the fixed reward has resumed it."""
        if isinstance(message.event, StateChanged) and message.event.state in ("training", "preparing"):
            self.dismiss("close")

    @on(WorkerExit)
    def _worker_exit(self, message: WorkerExit) -> None:
        """Keep this card: the worker's exit has the same cause."""
        message.stop()

    @on(Button.Pressed)
    def _answered(self, event: Button.Pressed) -> None:
        answers: dict[str | None, Answer] = {"resume": "resume", "edit": "edit"}
        self.dismiss(answers.get(event.button.id, "close"))
