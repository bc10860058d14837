"""One row of the setup: a name, what can be typed or chosen, and beneath it what is wrong."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Label, Select, Static

from pgplay.app.form import limits, placeholder
from pgplay.app.safe_text import safe_text
from pgplay.app.widgets.choice import Choice, Entry
from pgplay.config import Field


class Setting(Vertical):
    """A field of the run's configuration as a form shows it: one line, and a second one while something is wrong."""

    @dataclass
    class Edited(Message):
        """A person typed or chose another value for the field `name`."""

        name: str
        text: str
        typing: bool

    def __init__(self, field: Field, value: str, *, label: str = "") -> None:
        super().__init__(id=f"setting-{field.name}", classes="setting")
        self.field = field
        self.label = label or field.name.replace("_", " ")
        allowed = limits(field)
        live = "\nCan be changed while training." if field.live else ""
        self.tooltip = Text(f"{field.description}\n{allowed}{live}" if allowed else f"{field.description}{live}")
        self._value = value

    def compose(self) -> ComposeResult:
        with Horizontal(classes="row"):
            yield Label(Text(self.label), classes="name")
            if self.field.choices:
                first = "default" if self.field.default is None else str(self.field.default)
                entries = [Entry("", first)] if self.field.default is None else []
                entries += [Entry(choice, choice) for choice in self.field.choices]
                yield Choice(entries, self._value or (first if self.field.default is not None else ""), id="control")
            else:
                yield Input(self._value, placeholder=placeholder(self.field), compact=True, id="control")
        yield Static(classes="problem")

    def show_value(self, value: str) -> None:
        """Show another value, silently."""
        self._value = value
        control = self.query_one("#control")
        if isinstance(control, Choice):
            control.choose(value or ("" if self.field.default is None else str(self.field.default)))
        elif isinstance(control, Input):
            with control.prevent(Input.Changed):
                control.value = value

    def show_default(self, value: str) -> None:
        """Show what leaving the field empty comes to."""
        control = self.query_one("#control")
        if isinstance(control, Input):
            control.placeholder = value

    def show_problem(self, message: str) -> None:
        """Say what is wrong with the value, or nothing."""
        self.set_class(bool(message), "-wrong")
        self.query_one(".problem", Static).update(safe_text(message))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self._value:
            self._value = event.value
            self.post_message(self.Edited(self.field.name, event.value, True))

    @on(Select.Changed)
    def _chosen(self, event: Select.Changed) -> None:
        event.stop()
        value = event.value if isinstance(event.value, str) and event.value != self.field.default else ""
        if value != self._value:
            self._value = value
            self.post_message(self.Edited(self.field.name, value, False))
