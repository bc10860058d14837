"""Small questions over the screen: a name, a file, yes or no."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, OptionList, Static

from pgplay.app.drawing.terminal_text import as_title, plain, terminal_text
from pgplay.app.screens.dialogs.base import CLOSES, Dialog
from pgplay.app.widgets.dropdown import described
from pgplay.app.widgets.text_fields import LineField
from pgplay.errors import PgplayError


class ConfirmDialog(Dialog[bool]):
    """Asks for confirmation; Escape and the first button mean no."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,n", "dismiss(False)", "No"), ("y", "dismiss(True)", "Yes")]
    AUTO_FOCUS = "#no"

    def __init__(self, title: str, question: str, yes: str) -> None:
        super().__init__()
        self._title, self._question, self._yes = title, question, yes

    def compose(self) -> ComposeResult:
        """Compose the dialog."""
        with Vertical(id="question", classes="dialog") as dialog:
            dialog.border_title = as_title(self._title)
            yield Static(terminal_text(self._question, lines=True), classes="words")
            with Horizontal(classes="buttons"):
                yield Button("No", id="no")
                yield Button(self._yes, id="yes", variant="error")

    @on(Button.Pressed)
    def _answered(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")


class AskDialog(Dialog[str | None]):
    """Asks for one line, such as a name or a file; `check` raises PgplayError for an answer that is refused."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "Cancel")]
    AUTO_FOCUS = "#answer"
    PASTE_INTO = "#answer"

    def __init__(
        self,
        title: str,
        question: str,
        answer: str = "",
        *,
        yes: str = "OK",
        placeholder: str = "",
        check: Callable[[str], object] | None = None,
        may_be_empty: bool = False,
    ) -> None:
        super().__init__()
        self._title, self._question, self._answer, self._yes = title, question, answer, yes
        self._placeholder = placeholder
        self._check = check
        self._may_be_empty = may_be_empty

    def compose(self) -> ComposeResult:
        """Compose the dialog."""
        with Vertical(id="question", classes="dialog") as dialog:
            dialog.border_title = as_title(self._title)
            yield Static(terminal_text(self._question, lines=True), classes="words")
            yield LineField(self._answer, placeholder=self._placeholder, id="answer")
            yield Static(classes="problem")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="no")
                yield Button(self._yes, id="yes", variant="primary")

    @on(Button.Pressed, "#no")
    def _cancelled(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#yes")
    @on(Input.Submitted, "#answer")
    def _answered(self) -> None:
        answer = self.query_one("#answer", Input).value.strip()
        try:
            if not answer and not self._may_be_empty:
                raise PgplayError("answer.empty")
            if self._check is not None:
                self._check(answer)
        except PgplayError as error:
            problem = self.query_one(".problem", Static)
            problem.update(terminal_text(str(error), lines=True))
            problem.add_class("-shown")
            return
        self.dismiss(answer)


class ChooseDialog(Dialog[str | None]):
    """Asks for one of several names, each with a description; number keys choose the first nine."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "dismiss(None)", "Cancel"),
        *((str(number), f"choose({number})", "") for number in range(1, 10)),
    ]
    AUTO_FOCUS = "OptionList"

    def __init__(self, title: str, entries: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._title, self._entries = title, entries

    def compose(self) -> ComposeResult:
        """Compose the dialog."""
        with Vertical(id="question", classes="dialog -choose") as dialog:
            dialog.border_title = as_title(self._title)
            dialog.border_subtitle = CLOSES
            if not self._entries:
                yield Static("There is no other choice.", classes="words")
            labels = [
                Text.assemble(f"{number if number < 10 else ' '}  ", (plain(name), "bold"))
                for number, (name, _) in enumerate(self._entries, 1)
            ]
            width = max((label.cell_len for label in labels), default=0)
            yield OptionList(
                *(
                    described(label, description, width)
                    for label, (_, description) in zip(labels, self._entries, strict=True)
                ),
                compact=True,
            )

    def action_choose(self, number: int) -> None:
        """Answer with the entry of this number."""
        if number <= len(self._entries):
            self.dismiss(self._entries[number - 1][0])

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._entries[event.option_index][0])
