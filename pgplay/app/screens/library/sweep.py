"""A sweep, live: a row for each recipe, a dot for each seed, intervals, and verdicts in words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar, NamedTuple, Protocol

from rich.cells import cell_len
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from pgplay.app.background import in_daemon_thread
from pgplay.app.drawing import number_format
from pgplay.app.drawing.sweep_lines import axis_text, drawn_sweep
from pgplay.app.drawing.terminal_text import as_title, plain, terminal_text
from pgplay.app.messages import CompareRuns, LooksChanged, OpenTimeTravel
from pgplay.app.notices import notify_user
from pgplay.app.screens.dialogs.base import BACK, Keys
from pgplay.app.screens.dialogs.export import export_sweep
from pgplay.app.widgets.places import Places
from pgplay.app.widgets.sweep_rows import SweepRows
from pgplay.errors import PgplayError
from pgplay.experiments.hacking import HackedRewards
from pgplay.experiments.statistics.estimates import FEW
from pgplay.experiments.summary import Summary
from pgplay.experiments.sweep_library import SweepLibrary
from pgplay.experiments.sweep_view import SweepReader, SweepView
from pgplay.experiments.verdicts import forecast_of
from pgplay.locale.catalog import text_of

REFRESH_SECONDS = 1.0

_WORDS_WHEN_SOLVED = {"reached": "solved", "not reached": "not solved"}
"""What reaching the goal is called where the goal is to solve the task."""


class SweepTrainer(Protocol):
    """Trains sweeps in background processes of the app."""

    def trains(self, name: str) -> bool:
        """Whether this app trains the sweep `name`."""

    async def train(self, name: str) -> None:
        """Train what is left of the sweep `name`, once the person consents to its Python."""

    def stop(self, name: str) -> None:
        """End the training of the sweep `name`; every run is kept with a checkpoint."""

    def take_problem(self, name: str) -> str:
        """Return why the process of the sweep `name` failed, once; else empty."""


MoreSeeds = Callable[[SweepView, Summary | None], Awaitable[None]]
"""Asks for the number of further seeds, and trains them."""


class _Found(NamedTuple):
    """What the statistics say about the runs that had ended."""

    ended: int
    looks: int
    summary: Summary
    hacked: Mapping[int, str]


class SweepScreen(Screen[None]):
    """Follows a stored sweep, whoever trains it; `view` is how it stands now."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "open_run", "open run", key_display="enter", tooltip="The run under the cursor, at any step."
        ),
        Binding(
            "space",
            "train_or_stop",
            "train/stop",
            key_display="space",
            tooltip="Train what is left in the background, or stop that.",
        ),
        Binding("plus", "more_seeds", "more seeds", key_display="+", tooltip="Train further seeds of every row."),
        Binding("p", "beside", "beside", tooltip="Overlay the runs of this row and of the first one."),
        Binding("x", "export", "export", tooltip="The picture, the numbers, or the table with its verdicts."),
        BACK,
    ]
    AUTO_FOCUS = "SweepRows"

    def __init__(
        self, library: SweepLibrary, reader: SweepReader, view: SweepView, trainer: SweepTrainer, more: MoreSeeds
    ) -> None:
        super().__init__()
        self._library, self._reader, self._view = library, reader, view
        self._trainer, self._more = trainer, more
        self._judge = HackedRewards()
        self._found: _Found | None = None
        self._problem = ""
        self._is_reading = False

    def compose(self) -> ComposeResult:
        """Compose the screen."""
        yield Places("place_library")
        yield Static(id="sweep-title", classes="page-title")
        yield SweepRows()
        yield Static(id="sweep-axis")
        yield Static(id="page-hint", classes="page-hint")
        yield Keys()

    def on_mount(self) -> None:
        """Show the sweep, and follow it."""
        self._show()
        self._refresh()
        self.set_interval(REFRESH_SECONDS, self._refresh)

    def on_resize(self) -> None:
        """Fit the axis to the width."""
        self.call_after_refresh(self._show)

    @property
    def name_of_sweep(self) -> str:
        """The sweep's name."""
        return self._view.sweep.name

    def _refresh(self) -> None:
        """Read the sweep again, unless the last look still reads."""
        if not self._is_reading:
            self._is_reading = True
            self._read()

    @work(group="sweep")
    async def _read(self) -> None:
        """Read what is stored, then what the statistics say, each in a thread; a change is shown at once."""
        try:
            self._view = await in_daemon_thread(self._reader.look)
            self._problem = self._trainer.take_problem(self.name_of_sweep) or self._problem
            self._show()
            view = self._view
            found = self._found
            looks = len(view.sweep.plan.looks)
            if found is None or (found.ended, found.looks) != (view.ended, looks):
                self._found = await in_daemon_thread(lambda: self._judged(view))
                self._show()
        except PgplayError as error:
            self._problem = str(error)
            self._show()
        finally:
            self._is_reading = False

    def _judged(self, view: SweepView) -> _Found:
        summary = view.summary()
        hacked = {place: text_of(*sign) for place, sign in self._judge.named(summary).items()}
        return _Found(view.ended, len(view.sweep.plan.looks), summary, hacked)

    @on(LooksChanged)
    def _show(self) -> None:
        if not self.is_mounted:
            return
        rows = self.query_one(SweepRows)
        summary = self._found.summary if self._found is not None else None
        drawn = drawn_sweep(self._view, summary, self._found.hacked if self._found else {}, rows.columns)
        rows.show(drawn)
        rows.border_title = as_title(self._legend(summary))
        width = self.size.width - 2
        self.query_one("#sweep-title", Static).update(terminal_text(self._title(width), width=width))
        axis = self.query_one("#sweep-axis", Static)
        axis.update(Text(axis_text(drawn, rows.columns), no_wrap=True))
        unit = "completions until solved" if self._view.yardstick.kind == "completions" else f"{drawn.unit} at the end"
        rows.border_subtitle = as_title(f" {unit} ")
        self._show_hint()

    def _title(self, width: int) -> str:
        """Return the sweep's name and state, without the last facts that do not fit in `width` cells."""
        view, plan = self._view, self._view.sweep.plan
        rows = "1 row" if len(plan.rows) == 1 else f"{len(plan.rows)} rows"
        state: str = view.state
        left = view.seconds_left
        if view.state == "training":
            state += f", about {number_format.duration(left)} left" if left else ""
        elif self._trainer.trains(view.sweep.name):
            state = "starting…"
        ended = f"{view.ended} of {len(view.trials)} runs ended"
        facts = [view.sweep.name, ended, state, f"{rows} × {len(plan.seeds)} seeds"]
        while len(facts) > 1 and cell_len(plain(" · ".join(facts))) > width:
            facts.pop()
        return " · ".join(facts)

    def _legend(self, summary: Summary | None) -> str:
        if summary is None:
            return "● a run · the statistics are being computed…" if self._view.ended else "Runs"
        few = min((len(result.ended) for result in summary.results), default=0) < FEW
        interval = f"few: no interval below {FEW} seeds" if few else f"━ {100 * summary.confidence:.3g}% interval"
        if summary.yardstick.kind == "completions":
            return f"● a run · ▸ unsolved there · ┃ median · {interval}"
        return f"● a run · ┃ mean · {interval}"

    @on(SweepRows.Moved)
    def _show_hint(self) -> None:
        rows = self.query_one(SweepRows)
        row, seed = rows.selected_row, rows.selected
        lines = []
        if self._problem:
            lines.append(f"✗ {self._problem}")
        if row is not None and seed is not None:
            what = _WORDS_WHEN_SOLVED.get(seed.state, seed.state) if self._ends_when_solved else seed.state
            if seed.run:
                reward = "" if seed.reward is None else f", reward {number_format.reward(seed.reward).strip()}"
                what += f", step {seed.steps:,}{reward} · {seed.run}"
            elif seed.trial.outcome is not None:
                what += f": {text_of(*seed.trial.outcome.reason)}"
            lines.append(f"{row.label} · seed {seed.seed}: {what}")
            lines += [line for line in (row.hacked, row.verdict, self._forecast(rows.row)) if line]
        self.query_one("#page-hint", Static).update(Text(plain("\n".join(lines), lines=True)))

    @property
    def _ends_when_solved(self) -> bool:
        return all(entry.config.goal.kind == "solved" for entry in self._view.entries)

    def _forecast(self, row: int) -> str:
        """Return how long further seeds would take to tell the row from the first one, if that can be said."""
        if self._found is None:
            return ""
        comparison = next((each for each in self._found.summary.comparisons if each.b == row), None)
        if comparison is None or self._view.state == "training":
            return ""
        forecast = forecast_of(self._found.summary, comparison, self._view.sweep.plan.jobs)
        return f"{text_of(*forecast)} + trains them." if forecast is not None else ""

    @on(SweepRows.Chosen)
    def action_open_run(self) -> None:
        """Open the run under the cursor."""
        seed = self.query_one(SweepRows).selected
        if seed is not None and seed.run:
            self.post_message(OpenTimeTravel(seed.run))

    def action_beside(self) -> None:
        """Overlay the runs of this row and of the first one."""
        row = self.query_one(SweepRows).row
        runs = [seed.run for place in dict.fromkeys((0, row)) for seed in self._view.rows[place] if seed.run]
        if runs:
            self.post_message(CompareRuns(tuple(runs)))

    @work
    async def action_train_or_stop(self) -> None:
        """Train what is left, or stop the training that this app began."""
        name = self.name_of_sweep
        self._problem = ""
        if self._trainer.trains(name):
            self._trainer.stop(name)
            notify_user(self.app, "Stopping: every run is kept with a checkpoint. Space continues.")
        elif self._view.state == "training":
            self._problem = "Another pgplay trains this sweep: stop it there, with ctrl+c."
        elif self._view.state == "finished":
            self._problem = "Everything planned is trained. + adds seeds."
        else:
            await self._trainer.train(name)
        self._show()

    @work
    async def action_more_seeds(self) -> None:
        """Ask how many more seeds to train."""
        self._problem = ""
        summary = self._found.summary if self._found is not None else None
        await self._more(self._view, summary)
        self._refresh()

    def action_export(self) -> None:
        """Ask for a file and write what was found to it."""
        self.app.run_worker(export_sweep(self.app, self._library, self.name_of_sweep), group="reading")
