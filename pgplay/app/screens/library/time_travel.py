"""Time travel: a stored run at any step, and branching from there."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from pgplay.app.drawing.number_format import number
from pgplay.app.drawing.terminal_text import as_title, terminal_text
from pgplay.app.messages import BranchRun
from pgplay.app.screens.dialogs.base import BACK, Keys
from pgplay.app.state.app_state import AppState
from pgplay.app.state.plot_view import PlotView, words_of
from pgplay.app.stored_runs.stored_run import StoredRun, StoredStep
from pgplay.app.widgets.places import Places
from pgplay.app.widgets.plots.curve import Plot
from pgplay.app.widgets.samples import Samples
from pgplay.app.widgets.slider import Slider
from pgplay.errors import PgplayError
from pgplay.learning.reports.metrics import USUAL_METRICS
from pgplay.learning.reports.step_report import StepReport

_REFRESH_SECONDS = 0.5
NUMBERS = ("reward_mean", "greedy_reward", "entropy", "cross_entropy", "unique_completions", "kl_reference")
"""The metrics listed under the samples, if the run has them."""


class TravelScreen(Screen[None]):
    """Shows a stored run at any step and follows one in training; requests branches from it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,b", "branch", "branch here", key_display="enter"),
        Binding("m", "next_metric", "metric"),
        BACK,
    ]
    AUTO_FOCUS = "#travel-slider"

    def __init__(self, past: StoredRun) -> None:
        """Show `past`, which the screen closes."""
        super().__init__()
        self._past = past
        self._metric = USUAL_METRICS[0]
        self._state = AppState()

    def compose(self) -> ComposeResult:
        """Compose the screen."""
        yield Places("place_library")
        yield Static(id="travel-title", classes="page-title")
        yield Plot(self._metric, id="travel-plot")
        yield Slider(id="travel-slider")
        yield Samples()
        yield Static(id="travel-numbers", classes="page-hint")
        yield Static(id="travel-hint", classes="page-hint")
        yield Keys()

    def on_mount(self) -> None:
        """Show the run's last step, and follow a run in training."""
        self._follow()
        self.set_interval(_REFRESH_SECONDS, self._refresh)

    def on_unmount(self) -> None:
        """Close the run."""
        self._past.close()

    def _refresh(self) -> None:
        try:
            if self._past.refresh():
                self._follow()
        except PgplayError as error:
            self._complain(error)

    def _follow(self) -> None:
        past = self._past
        self.query_one(Slider).show(past.last_step, past.stops, past.checkpoints)
        self._show()

    @on(Slider.Moved)
    @on(Plot.Pointed)
    def _moved(self, message: Slider.Moved | Plot.Pointed) -> None:
        if isinstance(message, Plot.Pointed):
            self.query_one(Slider).action_go(message.step)
        self._show()

    def _show(self) -> None:
        past, step = self._past, self.query_one(Slider).value
        try:
            stored_step = past.at(step)
        except PgplayError as error:
            self._complain(error)
            return
        heading = "Watching" if past.state == "training" and step == past.last_step else "Back in time"
        title = f"{heading} · {past.run} · step {step:,} of {past.last_step:,}"
        self.query_one("#travel-title", Static).update(terminal_text(title, width=self.app.size.width - 2))
        plot = self.query_one(Plot)
        plot.show(past.history, PlotView(shown=(plot.metric,), cursor=step or None))
        samples = self.query_one(Samples)
        self._state = AppState(report=StepReport(step, 0.0, 0, stored_step.metrics, stored_step.samples, False))
        samples.show(self._state, past.config.target)
        title = f"Samples of step {stored_step.sampled_at:,}" if stored_step.samples else "Samples"
        samples.border_title = as_title(title)
        self.query_one("#travel-numbers", Static).update(_numbers(stored_step))
        self.query_one("#travel-hint", Static).update(self._hint(step))

    def _hint(self, step: int) -> Text:
        if self._past.trainer:
            trainer, finding = self._past.trainer, self._past.finding_at(step)
            text = f"Trained by {trainer}: it can't be paused, changed, resumed or branched from here."
            return terminal_text(f"{finding}\n{text}" if finding else text, lines=True)
        checkpoint = self._past.checkpoint_before(step)
        if checkpoint is None:
            return Text("There is no checkpoint at or before this step to branch from.")
        start = "here. ● are checkpoints." if checkpoint == step else f"step {checkpoint:,}, the last checkpoint (●)."
        return Text(f"Enter starts a new run from {start}")

    def action_branch(self) -> None:
        """Start a new run from the last checkpoint at or before this step."""
        checkpoint = self._past.checkpoint_before(self.query_one(Slider).value)
        if checkpoint is not None:
            self.post_message(BranchRun(self._past.run, checkpoint))

    def action_next_metric(self) -> None:
        """Plot the next metric of the run."""
        plot, metrics = self.query_one(Plot), list(self._past.history.series)
        if metrics:
            index = metrics.index(plot.metric) + 1 if plot.metric in metrics else 0
            plot.metric = metrics[index % len(metrics)]
            plot.border_title = as_title(words_of(plot.metric).title)
            plot.refresh()
            self._show()

    def _complain(self, error: PgplayError) -> None:
        self.query_one("#travel-hint", Static).update(terminal_text(str(error), lines=True))


def _numbers(stored_step: StoredStep) -> Text:
    numbers = [_with_unit(name, stored_step.metrics[name]) for name in NUMBERS if name in stored_step.metrics]
    without = "This step was not logged." if stored_step.step else "Before the first step: the initial policy."
    return Text(" · ".join(numbers) or without, no_wrap=True)


def _with_unit(name: str, value: float) -> str:
    metric = words_of(name)
    return f"{metric.name} {number(value)}{f' {metric.unit}' if metric.unit not in ('', 'count') else ''}"
