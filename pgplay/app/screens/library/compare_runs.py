"""Side by side: several runs in one plot, their differences, and new runs with one setting changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import DataTable, Input, Static

from pgplay.app.drawing import number_format
from pgplay.app.drawing.terminal_text import as_title, terminal_text
from pgplay.app.help.explanations import Explanation
from pgplay.app.messages import LooksChanged, NewSweep, OpenTimeTravel
from pgplay.app.screens.dialogs.base import FILTER, LEAVE, Keys
from pgplay.app.screens.dialogs.export import export_to_file
from pgplay.app.screens.dialogs.questions import ChooseDialog
from pgplay.app.screens.filtering import Filtering
from pgplay.app.state.app_state import AppState
from pgplay.app.state.plot_view import words_of
from pgplay.app.stored_runs.background_reading import read_in_background
from pgplay.app.stored_runs.overlay import MARKERS, MOST_OVERLAID, Overlay, OverlayLine, chart_of, series_of
from pgplay.app.stored_runs.stored_run import StoredRun
from pgplay.app.widgets.filter_field import NO_ROW, FilterField
from pgplay.app.widgets.places import Places
from pgplay.app.widgets.setup import choices
from pgplay.config.run_config import make_config, to_settings
from pgplay.errors import InputError, PgplayError
from pgplay.export.comparison import COMPARISON_FORMATS, write_comparison

_REFRESH_SECONDS = 0.5
_COLUMNS = (("", 2), ("Differences", 44), ("Runs", 26), ("Steps", 7), ("Reward", 7), ("Greedy", 7), ("State", 10))

NARROW = 100
"""Terminal width below which the legend omits the runs' names."""

NONE_YET = "The curves of runs appear here, one line each. 1, then space starts a run; + adds a stored one."

_BAND_LEGEND = " several runs: ⣀ median  ░ lowest to highest "
MEDIANS = "For several runs in one line: their median, with a band from the lowest to the highest."

OWN_REWARDS = ", each line's own: m plots a metric that they share"
"""Addition to the title if the lines' values are not values of the same reward."""

OnStart = Callable[[dict[str, Any], str], Awaitable[bool]]
"""Starts a run of these settings; the text is the reward if the person chose it just now, else empty."""


class OverlayPlot(Widget):
    """One metric of all runs."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "plot--axis",
        *(f"overlay--{kind}-{slot}" for kind in ("run", "band") for slot in range(MOST_OVERLAID)),
    }

    def __init__(self) -> None:
        super().__init__(id="overlay-plot", classes="panel plot")
        self.metric = "reward_mean"
        self._lines: Sequence[OverlayLine] = ()

    def show(self, lines: Sequence[OverlayLine]) -> None:
        """Draw these lines."""
        self._lines = lines
        rewards = {past.config.reward for line in lines for past in line.pasts}
        is_own = len(rewards) > 1 and self.metric.partition("_")[0] in ("reward", "greedy")
        self.border_title = as_title(words_of(self.metric).title + OWN_REWARDS * is_own)
        self.border_subtitle = _BAND_LEGEND if any(len(line.pasts) > 1 for line in lines) else ""
        self.refresh()

    def explain(self) -> Explanation:
        """Return the explanation of the plot."""
        metric = words_of(self.metric)
        meaning = f"{metric.description[:1].upper()}{metric.description[1:]}"
        return Explanation(metric.title, f"{meaning}, one line per run, with its colour and marker. {MEDIANS}")

    def render(self) -> Text:
        """Return the plot of the present lines."""
        from pgplay.app.drawing import line_chart

        styles = {"axis": self.get_component_rich_style("plot--axis", partial=True)}
        for kind in ("run", "band"):
            for slot in range(MOST_OVERLAID):
                styles[f"{kind}-{slot}"] = self.get_component_rich_style(f"overlay--{kind}-{slot}", partial=True)
        return line_chart.draw_chart(chart_of(self._lines, self.metric), *self.content_size, styles)


class SideBySide(Filtering):
    """Shows the runs and follows those that are training; `start` starts a run of given settings."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "vary('algorithm')", "algorithm", tooltip="Start the same setup and seed with another algorithm."),
        Binding("e", "vary('reward')", "reward", tooltip="Start the same setup and seed with another reward."),
        Binding("n", "another_seed", "seed", tooltip="Start the same setup with the next seed."),
        Binding("w", "sweep", "sweep", tooltip="Vary the setup of this line, with several seeds of each variant."),
        Binding("plus", "add", "add", key_display="+", tooltip="Add a stored run to the picture."),
        Binding("m", "metric", "metric", tooltip="Choose the plotted metric: entropy, held-out reward and others."),
        Binding("x", "export", "export", tooltip="The picture as SVG, PNG or PDF, the numbers as CSV."),
        FILTER,
        Binding("b", "seeds", "join", tooltip="Draw runs that differ only in their seed as one line, or apart."),
        Binding("delete,backspace", "remove", "drop", key_display="del", tooltip="Take the line out of the picture."),
        Binding("h", "travel", "time", tooltip="The run at any earlier step; continue from there as a branch."),
        LEAVE,
    ]
    AUTO_FOCUS = "DataTable"

    def __init__(self, state: AppState, overlay: Overlay, start: OnStart) -> None:
        """Show `overlay`, which the screen closes."""
        super().__init__()
        self._state, self._overlay = state, overlay
        self._start = start
        self._expected = ""
        self._lines: list[OverlayLine] = []
        """The lines that the filter admits."""

    def compose(self) -> ComposeResult:
        """Compose the screen."""
        yield Places("place_compare", 0)
        yield Static(id="overlay-title", classes="page-title")
        yield OverlayPlot()
        yield DataTable(cursor_type="row", cursor_foreground_priority="renderable", id="overlay-legend")
        yield FilterField("Filter: words that a line of the legend contains")
        yield Static(id="overlay-hint", classes="page-hint")
        yield Keys()

    def on_mount(self) -> None:
        """Show the runs, and follow those that are training."""
        self._show()
        self.set_interval(_REFRESH_SECONDS, self._refresh)

    def on_resize(self) -> None:
        """Fit the legend's columns to the width."""
        self._show()

    def on_unmount(self) -> None:
        """Close the runs."""
        self._overlay.close()

    def _refresh(self) -> None:
        """Add the requested run once it has begun, and read the new steps of the others."""
        info = self._state.info
        try:
            began = info is not None and self._expected not in ("", info.run) and info.run not in self._overlay.runs
            if began and info is not None:
                self._expected = ""
                self._overlay.add(self._overlay.read(info.run))
            if self._overlay.refresh() or began:
                self._show()
        except PgplayError as error:
            self._hint(str(error))

    @on(LooksChanged)
    @on(Input.Changed, "#filter")
    def _show(self) -> None:
        """Show the lines that the filter admits by their cells and the names of their runs."""
        all_lines, admits = self._overlay.lines(), self.query_one(FilterField).admits
        self._lines = [line for line in all_lines if admits(" ".join([*_cells(line), *_names(line)]))]
        plot = self.query_one(OverlayPlot)
        plot.show(self._lines)
        count = len(self._overlay.runs)
        runs = "1 run" if count == 1 else f"{count} runs"
        lines = f" in {len(all_lines)} lines" if len(all_lines) != count else ""
        lines += f", {len(self._lines)} shown" if len(self._lines) != len(all_lines) else ""
        left_out = f" · {self._overlay.left_out} left out: no more colours" if self._overlay.left_out else ""
        self.query_one("#overlay-title", Static).update(f"Side by side · {runs}{lines}{left_out}")
        table: DataTable[Text] = self.query_one("#overlay-legend", DataTable)
        cursor_row = table.cursor_row
        table.clear(columns=True)
        for title, width in self._columns():
            table.add_column(title, width=width)
        for line in self._lines:
            style = plot.get_component_rich_style(f"overlay--run-{line.slot}", partial=True)
            cells = dict(zip([title for title, _ in _COLUMNS], _cells(line), strict=True))
            table.add_row(
                *(terminal_text(cells[title], "" if title else style, width=width) for title, width in self._columns())
            )
        table.styles.height = min(len(self._lines) + 1, max(3, self.size.height // 3))
        table.move_cursor(row=min(cursor_row, max(0, len(self._lines) - 1)))
        self._hint("" if self._lines else NO_ROW if all_lines else NONE_YET)
        self._describe_selected()

    def _columns(self) -> list[tuple[str, int]]:
        """Return the columns that fit; on narrow screens, without the runs' names."""
        narrow = self.app.size.width < NARROW
        columns = [column for column in _COLUMNS if not (narrow and column[0] == "Runs")]
        spare = self.app.size.width - sum(width + 2 for _, width in columns) - 3
        names = {"Differences": spare} if narrow else {"Differences": spare - spare // 3, "Runs": spare // 3}
        return [(title, max(10, width + names[title]) if title in names else width) for title, width in columns]

    @on(DataTable.RowHighlighted)
    def _describe_selected(self) -> None:
        """Show the names of all runs of the line under the cursor."""
        line = self._selected_line
        if line is not None:
            runs = ", ".join(_names(line))
            self._hint(f"{line.label}: {runs}" if line.label else runs)

    def _hint(self, text: str) -> None:
        self.query_one("#overlay-hint", Static).update(terminal_text(text, lines=True))

    @property
    def _selected_line(self) -> OverlayLine | None:
        row = self.query_one(DataTable).cursor_row
        return self._lines[row] if 0 <= row < len(self._lines) else None

    @property
    def _selected(self) -> StoredRun | None:
        """The first run of the line under the cursor."""
        line = self._selected_line
        return line.first if line is not None else None

    @work
    async def action_metric(self) -> None:
        """Ask for the metric to plot, among those of any run."""
        plot = self.query_one(OverlayPlot)
        metrics = {words_of(name).title: name for name in self._overlay.metrics() if name != plot.metric}
        entries = [(title, words_of(name).description) for title, name in metrics.items()]
        title = await self.app.push_screen_wait(ChooseDialog("Metric to plot", entries))
        if title is not None:
            plot.metric = metrics[title]
            self._show()

    def action_seeds(self) -> None:
        """Toggle one line for runs that differ only in their seed."""
        try:
            self._overlay.join_seeds(not self._overlay.seeds_as_one)
        except PgplayError as error:
            self._hint(str(error))
        else:
            self._show()

    @work
    async def action_vary(self, field: str) -> None:
        """Ask for another algorithm or reward, and start the selected run with it, with the same seed."""
        past = self._selected
        if past is None:
            return
        rows = choices.algorithms() if field == "algorithm" else choices.rewards()
        not_offered = ("", getattr(past.config, field))
        entries = [(row.value, row.description) for row in rows if row.value not in not_offered]
        ends = "; ends the run in training" if self._state.is_going else ""
        name = await self.app.push_screen_wait(ChooseDialog(f"Same seed, another {field}{ends}", entries))
        if name is not None:
            await self._begin(past, {field: name})

    @work
    async def action_another_seed(self) -> None:
        """Start the selected run with the next unused seed."""
        line = self._selected_line
        if line is not None:
            await self._begin(line.first, {"seed": 1 + max(past.config.seed for past in line.pasts)})

    async def _begin(self, past: StoredRun, changes: dict[str, Any]) -> None:
        info = self._state.info
        try:
            if past.trainer:
                raise past.refusal
            config = make_config(changes, past.config)
            if not self._overlay.has_room_for(config):
                raise InputError("overlay.full", most=MOST_OVERLAID)
            settings = to_settings(config)
        except PgplayError as error:
            self._hint(str(error))
            return
        before = " The run in training ends and is kept; r in Library resumes it." if self._state.is_going else ""
        if await self._start(settings, changes.get("reward", "")):
            self._expected = info.run if info is not None else "any"
            self._hint(f"The new run joins the others.{before}")

    def action_sweep(self) -> None:
        """Ask what to vary of the selected run."""
        past = self._selected
        if past is not None and past.trainer:
            self._hint(str(past.refusal))
        elif past is not None:
            self.post_message(NewSweep(to_settings(past.config), past.run))

    def action_add(self) -> None:
        """Ask for a stored run and add it."""
        self.app.run_worker(self._add(), group="reading")  # the app's worker, so that a run that was read is closed

    async def _add(self) -> None:
        runs = await read_in_background(self.app, self._overlay.stored, "Reading the runs…")
        if runs is None:
            return
        others = [run for run in runs if not run.problem and run.name not in self._overlay.runs]
        entries = [(run.name, f"{run.state}, {run.steps} steps") for run in others]
        name = await self.app.push_screen_wait(ChooseDialog("Add a run", entries))
        if name is None:
            return
        past = await read_in_background(self.app, lambda: self._overlay.read(name), f"Reading the run {name}…")
        if past is None:
            return
        if not self.is_attached:
            past.close()
            return
        try:
            self._overlay.add(past)
        except PgplayError as error:
            self._hint(str(error))
        else:
            self._show()

    def action_remove(self) -> None:
        """Remove the runs of the line under the cursor from view; they stay stored."""
        line = self._selected_line
        if line is not None:
            for past in line.pasts:
                self._overlay.remove(past.run)
            self._show()

    def action_export(self) -> None:
        """Ask for a file and write the plot or its numbers to it."""
        self.app.run_worker(self._export(), group="reading")

    async def _export(self) -> None:
        metric = self.query_one(OverlayPlot).metric
        series = series_of(self._lines, metric)
        await export_to_file(
            self.app,
            "Which file? .svg, .png, .pdf: the picture; .csv: the numbers.",
            "side-by-side.svg",
            COMPARISON_FORMATS,
            lambda format: [write_comparison(series, metric, format)],
        )

    def action_travel(self) -> None:
        """Open time travel on the run under the cursor."""
        past = self._selected
        if past is not None:
            self.post_message(OpenTimeTravel(past.run))


def _names(line: OverlayLine) -> list[str]:
    return [past.run for past in line.pasts]


def _cells(line: OverlayLine) -> list[str]:
    names = line.first.run + (f" and {len(line.pasts) - 1} more" if len(line.pasts) > 1 else "")
    rewards, greedy = line.values("reward_mean"), line.values("greedy_reward")
    states = {past.state for past in line.pasts}
    steps = [past.last_step for past in line.pasts]
    ends = sorted({min(steps), max(steps)})
    return [
        MARKERS[line.slot],
        line.label or "nothing",
        names,
        "–".join(map(number_format.count, ends)),
        number_format.reward(sum(rewards) / len(rewards)) if rewards else "",
        number_format.reward(sum(greedy) / len(greedy)) if greedy else "",
        states.pop() if len(states) == 1 else "several",
    ]
