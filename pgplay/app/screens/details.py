"""All that is known of the run: every finding, every number of the newest step, every line that was printed."""

from __future__ import annotations

from typing import ClassVar

from rich.console import Group
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from pgplay.app.formats import number
from pgplay.app.screens.page import titled_table
from pgplay.app.state import AppState
from pgplay.learning.metrics import METRICS

REDRAW_SECONDS = 0.5


class DetailsScreen(ModalScreen[None]):
    """One page to scroll that follows the run; escape leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,i,q", "dismiss", "Close")]
    AUTO_FOCUS = "#details"

    def __init__(self, state: AppState) -> None:
        super().__init__(classes="dialog-screen")
        self._state = state
        self._shown: object = None

    def compose(self) -> ComposeResult:
        """Lay out the parts."""
        with VerticalScroll(id="details", classes="dialog page") as dialog:
            dialog.border_title = "Details"
            dialog.border_subtitle = " escape closes "
            yield Static()

    def on_mount(self) -> None:
        """Show the state now, and again when it has changed."""
        self._show()
        self.set_interval(REDRAW_SECONDS, self._show)

    def _show(self) -> None:
        state = self._state
        shown = (state.report, state.findings, state.info, list(state.log))
        if shown != self._shown:
            self._shown = shown
            sections = [(title, [*rows, ("", "")]) for title, rows in _sections(state) if rows]
            tables = [titled_table(title, rows, name_width=18) for title, rows in sections]
            self.query_one(Static).update(Group(*tables))


def _sections(state: AppState) -> list[tuple[str, list[tuple[str, str]]]]:
    findings = [(finding.kind, f"{finding.message} {finding.advice}") for finding in state.findings]
    notes = [("", note) for note in (state.info.notes if state.info is not None else ())]
    printed = "\n".join(state.log)
    return [
        ("Findings", findings or [("", "Nothing stands out.")]),
        ("Notes", notes),
        ("Newest step", _numbers(state) or [("", "No step has been made yet.")]),
        ("Printed", [("", printed or "Nothing was printed yet, by a reward of your own or by the worker.")]),
    ]


def _numbers(state: AppState) -> list[tuple[str, str]]:
    metrics = dict(state.report.metrics) if state.report is not None else {}
    rows = []
    for name, metric in METRICS.items():
        if name in metrics:
            about = f"{metric.description} ({metric.unit})" if metric.unit else metric.description
            rows.append((name, f"{number(metrics.pop(name)):<10} {about}"))
    own = [(name.split(":")[0], f"{number(value):<10} {name.split(':', 1)[-1]}") for name, value in metrics.items()]
    return [*own, *rows]
