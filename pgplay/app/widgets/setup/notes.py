"""The setup's messages: problems beside their fields, and one line below all fields."""

from __future__ import annotations

from textual.widget import Widget
from textual.widgets import Static

from pgplay.app.drawing.terminal_text import terminal_text
from pgplay.app.widgets.setup.field_row import Setting
from pgplay.app.widgets.setup.form import Problem

_SUFFIX = "-problem"


class SetupNote(Static):
    """The line below the setup: a problem, else the changes for the next start, else the notes of the check."""

    _problem = ""
    _pending = ""
    _notes = ""

    def show_check(self, problem: str, notes: str) -> None:
        """Show the outcome of a check."""
        self._problem, self._notes = problem, notes
        self._show()

    def show_pending(self, names: list[str]) -> None:
        """Show the settings whose changes wait for the next start."""
        listed = ", ".join(name.replace("_", " ") for name in names)
        self._pending = f"{listed}: at the next start (r, then space)" if names else ""
        self._show()

    def _show(self) -> None:
        self.set_class(bool(self._problem), "-wrong")
        self.update(terminal_text(self._problem or self._pending or self._notes))


def show_problem(panel: Widget, problem: Problem | None) -> None:
    """Show `problem` beside its field in `panel`, and clear the others."""

    def message(name: str) -> str:
        return problem.message if problem is not None and problem.field == name else ""

    for static in panel.query(Static):
        if static.id and static.id.endswith(_SUFFIX):
            text = message(static.id.removesuffix(_SUFFIX))
            static.update(terminal_text(text))
            static.set_class(bool(text), "-shown")
    for setting in panel.query(Setting):
        setting.show_problem(message(setting.field.name))
