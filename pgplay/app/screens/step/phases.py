"""One update in four stages: sample, score, advantage, update. Each with its numbers, maths and code."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Static

from pgplay.app.drawing.ascii import spelled
from pgplay.app.drawing.formulas import MEANINGS, PHASES, MathLine, lines
from pgplay.app.messages import LooksChanged, StateShown
from pgplay.app.notices import notify_user
from pgplay.app.screens.dialogs.base import Keys
from pgplay.app.screens.step.zoomable import ENLARGE, Zoomable
from pgplay.app.state.app_state import AppState
from pgplay.app.widgets.completions import Completions
from pgplay.app.widgets.places import Places
from pgplay.app.widgets.samples import Samples, component_styles
from pgplay.app.widgets.token_table import Tokens, alignment
from pgplay.learning.reports.step_detail import AlgorithmSettings, CompletionDetail, StepDetail

_COLUMNS = {
    "sample": ("log_p", "length"),
    "score": ("reward",),
    "advantage": ("reward", "above", "advantage", "correction"),
    "update": ("advantage", "change"),
}
"""The columns of the list at each stage."""

TOKEN_COLUMNS = {
    "sample": ("entropy",),
    "score": ("credit",),
    "advantage": ("credit", "value", "shared", "advantage"),
    "update": ("advantage", "ratio", "after", "change"),
}
"""The columns of the token table at each stage."""


WAITING = "recording a step…"
NONE_RECORDED = "no step of this run was recorded. escape, u resumes it, n records one"


class Maths(VerticalScroll):
    """The formulas of one stage with the numbers of the selected completion."""

    ALLOW_MAXIMIZE = True

    def __init__(self) -> None:
        super().__init__(id="phase-maths", classes="panel")
        self.border_title = "Maths"

    def compose(self) -> ComposeResult:
        """Compose the lines."""
        yield Static(id="maths-lines")


class PhaseScreen(Zoomable):
    """Walks through the newest recorded step; `inspect_step` requests the next."""

    COMPONENT_CLASSES: ClassVar[set[str]] = Samples.COMPONENT_CLASSES | {"phase--here", "phase--stop"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "go(1)", "next stage", key_display="→", priority=True),
        Binding("left", "go(-1)", "previous", key_display="←", priority=True),
        Binding("n", "another", "next step", tooltip="Train one more step and show it."),
        Binding("c", "code", "code", tooltip="The code of this stage, in short and as it runs."),
        Binding("p", "plain", "plain algorithm", tooltip="The same texts, updated by the plain algorithm."),
        ENLARGE,
        Binding("escape", "back", "back", key_display="esc"),
    ]
    AUTO_FOCUS = "#completions"

    def __init__(self, state: AppState, inspect_step: Callable[[], None]) -> None:
        super().__init__()
        self._state = state
        self._inspect_step = inspect_step
        self._detail: StepDetail | None = None
        self._at = 0
        self._real: StepDetail | None = None
        """The recorded step; `_detail` is this one, or the same step in the plain algorithm."""
        self._shows_plain = False

    def compose(self) -> ComposeResult:
        """Compose the screen."""
        yield Places("place_step", 0)
        yield Static(id="phase-title", classes="page-title")
        phases = Static(id="phase-stops")
        phases.auto_links = False  # the theme's link colour would be unreadable on the highlighted stage
        yield phases
        with Horizontal(id="phase-body"):
            yield Completions()
            with Vertical(id="phase-details"):
                yield Maths()
                yield Tokens()
        yield Keys()

    def on_mount(self) -> None:
        """Show the recorded step, or that it is being recorded."""
        self._show()

    def on_resize(self) -> None:
        """Wrap the formulas to the current width."""
        selected = self.query_one(Completions).chosen
        if selected is not None:
            self.call_after_refresh(self._explain, selected)

    @on(StateShown)
    def _state_shown(self) -> None:
        if self._state.step_detail is not self._real:
            self._at = 0
            self._show()

    @on(LooksChanged)
    def _looks_changed(self) -> None:
        self._show()

    @property
    def _phase(self) -> str:
        return PHASES[self._at]

    def _show(self) -> None:
        self._real = real = self._state.step_detail
        self._detail = detail = real.plain if real is not None and self._shows_plain and real.plain else real
        title = "One update, step by step"
        if detail is None:
            reason = WAITING if self._state.can_step else NONE_RECORDED
            self.query_one("#phase-title", Static).update(f"{title}: {reason}")
        else:
            algorithm = f"{detail.rules.algorithm}, {detail.completions} completions"
            if self._state.has_ended and not detail.is_tried:
                algorithm += ", the last update"
            if detail.is_tried:
                algorithm += ", tried but not applied: the run is solved"
            if detail is not real and real is not None:
                algorithm = f"the same texts under the plain algorithm (the run itself used {real.rules.algorithm})"
            self.query_one("#phase-title", Static).update(Text(f"{title} · step {detail.step} · {algorithm}"))
            completions = self.query_one(Completions)
            completions.show(detail.samples, detail.completions, self._columns(detail.rules), "reward", "")
        self.query_one("#phase-stops", Static).update(self._phases())

    def _columns(self, rules: AlgorithmSettings) -> tuple[str, ...]:
        """Return the list's columns at this stage that have numbers under these `rules`."""
        without = set() if rules.control_variate and rules.credit == "terminal" else {"correction"}
        is_same = rules.scale == "none" and rules.reward_unit == 1.0
        if is_same or rules.credit != "terminal" or rules.baseline == "critic":
            without.add("above")  # it equals A, or there is no single number
        return tuple(name for name in _COLUMNS[self._phase] if name not in without)

    def _phases(self) -> Text:
        here, other = (self.get_component_rich_style(f"phase--{name}", partial=True) for name in ("here", "stop"))
        line = Text(no_wrap=True, end="", overflow="ellipsis")
        for number, phase in enumerate(PHASES):
            start = len(line)
            line.append(f" {number + 1} {phase} ", here if number == self._at else other)
            line.apply_meta({"@click": f"screen.go({number - self._at})"}, start)
            if number < len(PHASES) - 1:
                line.append(" ─▶ ", other)
        return line.append(f"\n{MEANINGS[self._phase]}", other)

    @on(Completions.Chosen)
    def _chosen(self, message: Completions.Chosen) -> None:
        if self._detail is not None:  # None if another run has begun
            self._explain(message.sample)

    def _explain(self, sample: CompletionDetail) -> None:
        styles = component_styles(self)
        assert self._detail is not None
        text = Text(end="")
        if self._phase == "score":
            text.append_text(alignment(sample, styles)).append("\n\n")
        width = self.query_one("#phase-maths").scrollable_content_region.width
        for line in lines(PHASES[self._at], self._detail, sample):
            if self._state.ascii:
                line = MathLine(*map(spelled, line))
            together = cell_len(line.formula) + cell_len(line.numbers) + 2 <= width
            text.append(line.formula, styles["now"])
            text.append("  " if together else "\n    ").append(f"{line.numbers}\n")
        self.query_one("#maths-lines", Static).update(text)
        columns = TOKEN_COLUMNS[self._phase]
        rules = self._detail.rules
        if not rules.control_variate or rules.credit == "dense":  # the advantages did not change
            columns = tuple(name for name in columns if name != "shared")
        self.query_one(Tokens).show(sample, columns)

    def action_go(self, direction: int) -> None:
        """Go to the next (1) or previous (-1) stage; after the last one, record the next step."""
        if self._at + direction == len(PHASES):
            self.action_another()
        elif self._at + direction >= 0:
            self._at += direction
            self._show()

    def action_another(self) -> None:
        """Make another step and record it."""
        self.query_one("#phase-title", Static).update("One update, step by step: recording the next step…")
        self._inspect_step()

    def action_plain(self) -> None:
        """Toggle between the real update and that of the plain algorithm on the same texts."""
        real = self._state.step_detail
        if real is None:
            return
        if real.plain is None:
            is_plain = real.rules.algorithm == "plain-reinforce"
            lacks_plain = "This step was recorded without the plain algorithm; n records the next one with it."
            notify_user(self.app, "This is the plain algorithm already." if is_plain else lacks_plain)
            return
        self._shows_plain = not self._shows_plain
        self._show()

    def action_code(self) -> None:
        """Show the functions that run at this stage."""
        from pgplay.app.screens.dialogs.source_code import CodeScreen

        if self._detail is not None:
            self.app.push_screen(CodeScreen(self._phase, self._detail.rules))
