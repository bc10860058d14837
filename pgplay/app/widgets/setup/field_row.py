"""One row of the setup: a name, an input or a list, and below it an error."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from pgplay.app.drawing.terminal_text import for_field, terminal_text
from pgplay.app.help.explanations import Explanation, concept_of, sentence
from pgplay.app.widgets.dropdown import Dropdown, Entry
from pgplay.app.widgets.setup.form import Default, limits, placeholder
from pgplay.app.widgets.text_fields import LineField
from pgplay.config.fields import Field

CHANGED = " •"
"""The mark after the name of a field that differs from its default."""

MAIN_NAME_WIDTH, SETTING_NAME_WIDTH = 11, 17
"""Columns of a name, for a field that is always shown and for one in a fold: one at least is left before the value."""


class FieldName(Label):
    """The name of a field; a click on it focuses the field."""

    def __init__(self, name: str, control: Widget, width: int = MAIN_NAME_WIDTH) -> None:
        super().__init__(Text(name), classes="name")
        self.styles.width = width
        self._mark = CHANGED if len(name + CHANGED) < width else CHANGED.strip()
        self._heading, self._control, self._changed = name, control, False

    def on_click(self) -> None:
        """Focus the field."""
        self._control.focus()

    def mark(self, *, changed: bool) -> None:
        """Show whether the field differs from its default."""
        if changed != self._changed:
            self._changed = changed
            self.set_class(changed, "-changed")
            self.update(Text(self._heading + self._mark * changed))


class Setting(Vertical):
    """A field of the run's configuration: one line, and a second one with the error, if any."""

    @dataclass
    class Edited(Message):
        """The person typed or chose another value for the field `name`."""

        name: str
        text: str
        typing: bool

    def __init__(self, field: Field, value: str, *, label: str = "") -> None:
        super().__init__(id=f"setting-{field.name}", classes="setting")
        self.field = field
        self.label = label or field.name.replace("_", " ")
        live = "Can be changed while training." if field.live else "Takes effect at the next start."
        self.tooltip = Text("\n".join(filter(None, (sentence(field.description), limits(field), live))))
        self._value = value
        self._default: Default | None = None
        self._control = self._make_control(value)
        self._shown_name = FieldName(self.label, self._control, SETTING_NAME_WIDTH)
        self._problem = Static(classes="problem")

    def explain(self) -> Explanation:
        """Return the concept behind the field, its allowed values, and when a change takes effect."""
        return Explanation(self.label, f"{concept_of(self.field.name)}\n{self.tooltip}")

    def compose(self) -> ComposeResult:
        """Compose the row."""
        with Horizontal(classes="row"):
            yield self._shown_name
            yield self._control
        yield self._problem

    def _make_control(self, value: str) -> Dropdown | Input:
        field = self.field
        if not field.choices:
            return LineField(for_field(value), placeholder=placeholder(field))
        entries = [Entry("", "default")] if field.default is None else []
        entries += [Entry(choice, choice) for choice in field.choices]
        return Dropdown(entries, value or ("" if field.default is None else str(field.default)))

    def show_value(self, value: str) -> None:
        """Show another value without posting a message."""
        self._value = value
        control = self._control
        if isinstance(control, Dropdown):
            control.choose(value or ("" if self.field.default is None else str(self.field.default)))
        else:
            with control.prevent(Input.Changed):
                control.value = for_field(value)

    def show_default(self, default: Default | None) -> None:
        """Show the default of an empty field, where it depends on the other fields."""
        if default is not None and default != self._default:
            self._default = default
            if self._control.is_mounted:
                self._draw_default()

    def on_mount(self) -> None:
        """Show the default that was given before the control was mounted."""
        self._draw_default()

    def _draw_default(self) -> None:
        control, default = self._control, self._default
        if default is None:
            return
        if isinstance(control, Input):
            control.placeholder = for_field(default.words)
        elif self.field.default is None:
            control.show_entries([Entry("", default.words), *control.entries[1:]], self._value)

    def mark(self, *, changed: bool) -> None:
        """Show whether the field differs from its default."""
        self.set_class(changed, "-changed")
        self._shown_name.mark(changed=changed)

    def focus_field(self) -> None:
        """Focus the field, and scroll to it once the screen is laid out: it may just have been mounted."""
        self.screen.set_focus(self._control, scroll_visible=False)
        self.call_after_refresh(self.scroll_visible, animate=False)

    def show_problem(self, message: str) -> None:
        """Show the problem of the value, empty for none."""
        self.set_class(bool(message), "-wrong")
        self._problem.update(terminal_text(message))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != for_field(self._value):
            self._value = event.value
            self.post_message(self.Edited(self.field.name, event.value, True))

    @on(Dropdown.Changed)
    def _chosen(self, event: Dropdown.Changed) -> None:
        event.stop()
        value = "" if event.value in (None, self.field.default) else event.value
        if value != self._value:
            self._value = value
            self.post_message(self.Edited(self.field.name, value, False))
