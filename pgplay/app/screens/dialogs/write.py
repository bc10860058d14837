"""Sampling from a policy: a saved one, or the run's current one."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label, Static

from pgplay.app.drawing.terminal_text import as_title
from pgplay.app.messages import LooksChanged, WorkerEvent
from pgplay.app.screens.dialogs.base import CLOSES, Dialog
from pgplay.app.widgets.dropdown import Dropdown, Entry
from pgplay.app.widgets.text_fields import LineField
from pgplay.app.widgets.written_texts import WrittenTexts
from pgplay.worker.protocol.commands import Write
from pgplay.worker.protocol.events import Refused, Written

_MOST_TEXTS = 100
HOW = (
    Entry("sampled", "sampled", "each token sampled from the policy, at this temperature"),
    Entry("greedy", "greedy", "always the most likely token: the same text every time"),
)
Ask = Callable[[Write], int]
"""Sends a command and returns its request's number, which the answer carries."""


class WriteScreen(Dialog[None]):
    """Requests texts from the worker and lists them."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "Close"), ("ctrl+w", "write", "Write")]
    AUTO_FOCUS = "#write"

    def __init__(self, ask: Ask, *, policy: str = "", prompt: str | None = None, temperature: float = 1.0) -> None:
        """`prompt` fills the prompt's field at first; None leaves the field out, for a policy trained without prompts.

        `temperature` is the policy's training temperature.
        """
        super().__init__()
        self._ask, self._policy, self._prompt, self._temperature = ask, policy, prompt, temperature
        self._request: int | None = None

    def compose(self) -> ComposeResult:
        """Compose the dialog."""
        with Vertical(id="write-dialog", classes="dialog -tall") as dialog:
            dialog.border_title = as_title(f"Sample from {self._policy or 'the current policy'}")
            dialog.border_subtitle = CLOSES
            if self._prompt is not None:
                with Horizontal(classes="row"):
                    yield Label("Prompt", classes="name")
                    yield LineField(self._prompt, id="prompt")
            with Horizontal(classes="row"):
                yield Label("Temperature", classes="name")
                yield LineField(str(self._temperature), id="temperature")
            with Horizontal(classes="row"):
                yield Label("How many", classes="name")
                yield LineField("8", id="count")
            with Horizontal(classes="row"):
                yield Label("How", classes="name")
                yield Dropdown(HOW, "sampled", id="how")
            yield Static(classes="problem")
            yield Button("Write  (enter)", id="write", variant="primary")
            yield WrittenTexts()

    def on_mount(self) -> None:
        """Focus the prompt, if there is one."""
        if self._prompt is not None:
            self.query_one("#prompt").focus()

    @on(Button.Pressed, "#write")
    @on(Input.Submitted)
    def action_write(self) -> None:
        """Request texts from the worker, or show which field is wrong."""
        command = self._command()
        self.query_one(".problem", Static).set_class(isinstance(command, str), "-shown")
        if isinstance(command, str):
            self.query_one(".problem", Static).update(command)
        else:
            self.query_one(WrittenTexts).say("Writing…")
            self._request = self._ask(command)

    @on(WorkerEvent)
    def _worker_event(self, message: WorkerEvent) -> None:
        match message.event:
            case Written(request=self._request) as written:
                self.query_one("#write-dialog").set_class(bool(written.other_samples), "-compares")
                self.query_one(WrittenTexts).show(written)
            case Refused(request=self._request, problem=problem, remedy=remedy):
                self.query_one(WrittenTexts).say(f"{problem} {remedy}".strip())
            case _:
                return
        message.stop()

    def _command(self) -> Write | str:
        try:
            temperature = float(self.query_one("#temperature", Input).value)
        except ValueError:
            temperature = -1.0
        if not 0.05 <= temperature <= 10:
            return "Temperature is a number from 0.05 to 10."
        count = self.query_one("#count", Input).value.strip()
        if not count.isdecimal() or not 1 <= int(count) <= _MOST_TEXTS:
            return f"How many: a whole number from 1 to {_MOST_TEXTS}."
        prompt = self.query_one("#prompt", Input).value if self._prompt is not None else ""
        greedy = self.query_one("#how", Dropdown).value == "greedy"
        return Write(
            policy=self._policy,
            prompt=prompt,
            count=1 if greedy else int(count),
            temperature=temperature,
            greedy=greedy,
        )

    @on(LooksChanged)
    def _redraw(self) -> None:
        self.query_one(WrittenTexts).draw()
