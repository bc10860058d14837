"""The microscope: each completion of a step, token by token, with its reward's parts and its alignment."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from pgplay.app.drawing.formulas import signed
from pgplay.app.drawing.number_format import number
from pgplay.app.drawing.terminal_text import LENGTH_LIMIT, plain, terminal_text
from pgplay.app.messages import LooksChanged, StateShown
from pgplay.app.screens.dialogs.base import Keys
from pgplay.app.screens.step.zoomable import ENLARGE, Zoomable
from pgplay.app.state.app_state import AppState
from pgplay.app.stored_runs.recorded_steps import RecordedStep, RecordedSteps
from pgplay.app.widgets.completions import COMPLETION_COLUMNS, Completions
from pgplay.app.widgets.places import Places
from pgplay.app.widgets.samples import Samples, component_styles
from pgplay.app.widgets.text_fields import LineField
from pgplay.app.widgets.token_table import Tokens, alignment
from pgplay.errors import PgplayError
from pgplay.learning.reports.step_detail import CompletionDetail
from pgplay.runs.run_library import RunLibrary

SORTS = ("reward", "advantage", "change", "log_p", "length", "count", "text")
_WIDE = 100


class MicroscopeScreen(Zoomable):
    """Shows the newest recorded step or an earlier one; `inspect_step` requests the next."""

    COMPONENT_CLASSES: ClassVar[set[str]] = Samples.COMPONENT_CLASSES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "another", "next step"),
        Binding("o", "sort", "sort"),
        Binding("slash", "find", "find", key_display="/"),
        Binding("left_square_bracket", "step(-1)", "earlier", key_display="["),
        Binding("right_square_bracket", "step(1)", "later", key_display="]"),
        ENLARGE,
        Binding("escape", "back", "back", key_display="esc"),
    ]
    AUTO_FOCUS = "#completions"

    def __init__(self, state: AppState, runs: RunLibrary, inspect_step: Callable[[], None]) -> None:
        super().__init__()
        self._state = state
        self._inspect_step = inspect_step
        self._recorded = RecordedSteps(runs, state.info.run if state.info is not None else "")
        self._step: RecordedStep | None = None
        self._newest = state.step_detail
        self._sort = SORTS[0]

    def compose(self) -> ComposeResult:
        """Compose the screen."""
        yield Places("place_step", 1)
        yield Static(id="microscope-title", classes="page-title")
        with Horizontal(id="microscope-body"):
            with Vertical(id="microscope-list"):
                yield LineField(placeholder="find a text", id="microscope-find")
                yield Completions()
            with Vertical(id="microscope-details"):
                yield Static(id="microscope-sample", classes="panel")
                yield Tokens()
        yield Keys()

    def on_mount(self) -> None:
        """Show the newest step recorded in full, else the newest step's samples."""
        if self._state.step_detail is not None:
            self._show_step(RecordedStep.from_detail(self._state.step_detail))
        elif self._state.report is not None:
            self._show_step(RecordedStep.from_samples(self._state.report.step, self._state.report.samples))
        else:
            self.query_one("#microscope-title", Static).update("Microscope: n makes a step and records it in full")

    @on(StateShown)
    def _state_shown(self) -> None:
        detail = self._state.step_detail
        if detail is not None and detail is not self._newest:
            self._newest = detail
            self._show_step(RecordedStep.from_detail(detail))

    def _show_step(self, step: RecordedStep) -> None:
        self._step = step
        self._show()

    @on(LooksChanged)
    def _show(self) -> None:
        step = self._step
        if step is None:
            return
        extent = "recorded in full" if step.is_whole else "samples only: n records the next step in full"
        self.query_one("#microscope-title", Static).update(terminal_text(f"Microscope · step {step.step} · {extent}"))
        wide = self.app.size.width >= _WIDE
        columns = ("reward", "advantage", "change") if step.is_whole and wide else ("reward",)
        if self._sort in COMPLETION_COLUMNS and self._sort not in columns:
            columns = (*columns, self._sort)
        pattern = self.query_one("#microscope-find", Input).value
        self.query_one(Completions).show(step.samples, step.completions, columns, self._sort, pattern)

    @on(Completions.Chosen)
    def _chosen(self, message: Completions.Chosen) -> None:
        panel = self.query_one("#microscope-sample", Static)
        panel.border_title = "One completion"
        panel.update(self._summary(message.sample))
        self.query_one(Tokens).show(message.sample)

    def _summary(self, sample: CompletionDetail) -> Text:
        """Return the completion with its target, its reward by parts, and the effect of the update."""
        styles = component_styles(self)
        text = Text(end="")
        if sample.prompt:
            text.append("prompt   ", styles["muted"]).append_text(terminal_text(sample.prompt)).append("\n")
        text.append_text(alignment(sample, styles))
        text.append("" if sample.finished else f"{LENGTH_LIMIT}  cut at the length limit", styles["muted"])
        text.append("\nreward   ", styles["muted"]).append(f"{sample.reward:.4g}", styles["now"])
        for name, value in sample.parts.items():
            text.append(f"  {plain(name.partition(':')[2])} {number(value)}")
        if sample.baseline is not None:
            text.append(f"  baseline {number(sample.baseline)}", styles["muted"])
        if sample.deviation is not None:
            text.append(f"  deviation {number(sample.deviation)}", styles["muted"])
        if sample.tokens:
            text.append("\nlog p    ", styles["muted"]).append(signed(sample.log_p))
            if sample.log_p_after is not None:
                text.append(f" → {signed(sample.log_p_after)}")
            text.append(f"  advantage {signed(sample.advantage)}", styles["now"])
        return text

    def action_another(self) -> None:
        """Record the next step in full; if the run is paused, make one."""
        self.query_one("#microscope-title", Static).update("Microscope: recording the next step in full…")
        self._inspect_step()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._sort = SORTS[(SORTS.index(self._sort) + 1) % len(SORTS)]
        self._show()

    def action_find(self) -> None:
        """Focus the filter."""
        self.query_one("#microscope-find", Input).focus()

    @on(Input.Changed, "#microscope-find")
    def _find(self) -> None:
        self._show()

    @on(Input.Submitted, "#microscope-find")
    def _focus_list(self) -> None:
        self.query_one(Completions).focus()

    def action_step(self, direction: int) -> None:
        """Show the recorded step before (-1) or after (1) the current one."""
        present = self._step.step if self._step is not None else 0
        try:
            step = self._recorded.neighbour(present, direction)
        except PgplayError as error:
            self.notify(plain(error.problem), markup=False)
            return
        if step is None:
            self.notify("There are no more recorded steps in that direction.", timeout=2)
        else:
            self._show_step(step)

    def action_back(self) -> None:
        """Leave the filter, or close the screen."""
        if isinstance(self.focused, Input):
            self.query_one(Completions).focus()
        else:
            super().action_back()
