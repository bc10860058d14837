"""All that is known of the run: every finding, every number of the newest step, every line that was printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from pgplay.app.formats import number
from pgplay.app.safe_text import safe_text
from pgplay.app.screens.page import titled_table
from pgplay.app.state import AppState
from pgplay.app.view import words_of
from pgplay.learning.metrics import METRICS

REDRAW_SECONDS = 0.5
_NAME, _VALUE = 22, 9


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
        with VerticalScroll(id="details", classes="dialog page -wide") as dialog:
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
            self.query_one(Static).update(Group(*_tables(state)))


def _tables(state: AppState) -> Iterator[Table]:
    findings = [(finding.kind, f"{finding.message} {finding.advice}") for finding in state.findings]
    yield _section("Findings", findings or [("", "Nothing stands out.")])
    if state.info is not None and state.info.notes:
        yield _section("Notes", [("", note) for note in state.info.notes])
    yield _numbers(state)
    printed = "\n".join(state.log) or "Nothing was printed yet, by a reward of your own or by the worker."
    yield _section("Printed", [("", printed)])


def _section(title: str, rows: Iterable[tuple[str, str]]) -> Table:
    return titled_table(title, [*rows, ("", "")], name_width=_NAME)


def _numbers(state: AppState) -> Table:
    """Return every number of the newest step by the name that it has everywhere, with its unit and what it means."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for width in (_NAME, _VALUE):
        table.add_column(width=width)
    table.add_column(ratio=1)
    table.add_row(Text("Newest step", "bold"))
    metrics = state.report.metrics if state.report is not None else {}
    for name in (*(name for name in metrics if name not in METRICS), *METRICS):
        if name in metrics:
            told = words_of(name)
            words = told.description if name in METRICS else f"{told.title}: {told.description}"
            table.add_row(safe_text(name.partition(":")[0]), number(metrics[name]), safe_text(words))
    if not metrics:
        table.add_row("", "", "No step has been made yet.")
    table.add_row()
    return table
