"""Everything about the run: all findings, all metrics of the newest step, and the log."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll

from pgplay.app.drawing.number_format import number
from pgplay.app.screens.dialogs.base import CLOSES, Dialog
from pgplay.app.state.app_state import AppState
from pgplay.app.state.plot_view import words_of
from pgplay.app.widgets.two_column_text import TextSection, TwoColumnText
from pgplay.learning.reports.metrics import METRICS
from pgplay.locale.catalog import finding_text, sentences_of

_REDRAW_SECONDS = 0.5
_NAME, _VALUE = 24, 10


class DetailsScreen(Dialog[None]):
    """A scrollable page that follows the run; Escape closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,i,q", "dismiss", "Close")]
    AUTO_FOCUS = "#details"

    def __init__(self, state: AppState) -> None:
        super().__init__(classes="-page")
        self._state = state
        self._shown: object = None

    def compose(self) -> ComposeResult:
        """Compose the page."""
        with VerticalScroll(id="details", classes="dialog page -wide") as dialog:
            dialog.border_title = "Details"
            dialog.border_subtitle = CLOSES
            yield TwoColumnText(name_width=_NAME, id="findings")
            yield TwoColumnText(name_width=_NAME + _VALUE, id="numbers")
            yield TwoColumnText(name_width=_NAME, id="log")

    def on_mount(self) -> None:
        """Show the state, and update it when it changes."""
        self._show()
        self.set_interval(_REDRAW_SECONDS, self._show)

    def _show(self) -> None:
        state = self._state
        content = (state.report, state.findings, state.verdict, state.info, list(state.log))
        if content != self._shown:
            self._shown = content
            for name, sections in _sections(state).items():
                self.query_one(f"#{name}", TwoColumnText).show(*sections)


def _sections(state: AppState) -> dict[str, list[TextSection]]:
    findings = [(finding.kind, f"{finding_text(finding.kind, finding.values)}") for finding in state.findings]
    sections = [TextSection.of("Findings", findings or [("", "No findings.")])]
    if state.verdict:
        sections.insert(0, TextSection.of("One prompt", [("", state.verdict)]))
    if state.info is not None and state.info.notes:
        sections.append(TextSection.of("Notes", [("", note) for note in sentences_of(state.info.notes)]))
    if state.info is not None and state.info.prompt_text:
        sections.append(TextSection.of("The first prompt, as the model reads it", [("", state.info.prompt_text)]))
    numbers = _numbers(state) or [("", "No step has been made yet.")]
    printed = "\n".join(state.log) or "Neither your reward nor the worker has printed anything yet."
    return {
        "findings": sections,
        "numbers": [TextSection.of("Newest step", numbers)],
        "log": [TextSection.of("Printed", [("", printed)])],
    }


def _numbers(state: AppState) -> list[tuple[str, str]]:
    """Return all metrics of the newest step by name, with unit and meaning."""
    metrics = state.report.metrics if state.report is not None else {}
    rows = []
    for name in (*(name for name in metrics if name not in METRICS), *METRICS):
        if name in metrics:
            metric = words_of(name)
            meaning = metric.description if name in METRICS else f"{metric.title}: {metric.description}"
            rows.append((f"{name.partition(':')[0]:<{_NAME}}{number(metrics[name])}", meaning))
    return rows
