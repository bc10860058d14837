"""A panel with the plot of one metric, drawn only when it is visible and has changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.events import Click
from textual.message import Message
from textual.widget import Widget

from pgplay.app.drawing.number_format import number
from pgplay.app.drawing.terminal_text import as_title, fit, plain
from pgplay.app.help.explanations import Explanation
from pgplay.app.state.metric_history import History, smoothed
from pgplay.app.state.plot_view import PlotView, words_of
from pgplay.learning.reports.metrics import REWARD_METRIC
from pgplay.runs.curves import Bucket

if TYPE_CHECKING:
    from pgplay.app.drawing.line_chart import Chart

BESIDE_THE_REWARD = (
    "The band spans the lowest to the highest reward of each step; squares are the reward of the greedy completion, "
    "which always takes the most likely token. ┊ marks a step after which a setting changed."
)

_AROUND_TITLE = 6
"""Columns of the border on both sides of the title."""


def is_seen(widget: Widget) -> bool:
    """Whether any part of `widget` is visible."""
    return widget.display and widget.size.width > 0 and widget.size.height > 0


class Plot(Widget, can_focus=True):
    """The curve of one metric; until there are values, its description."""

    ALLOW_MAXIMIZE = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "plot--line",
        "plot--raw",
        "plot--points",
        "plot--band",
        "plot--axis",
        "plot--mark",
        "plot--cursor",
        "plot--empty",
        "plot--call",
    }

    class Pointed(Message):
        """The person clicked a step of a plot."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self, metric: str, *, id: str) -> None:
        super().__init__(id=id, classes="panel plot")
        self.metric = metric
        self.border_title = as_title(words_of(metric).title)
        self._call = ""
        self._history = History()
        self._view = PlotView()
        self._absent = ""
        self._shown: tuple[object, ...] = ()
        self._drawn: tuple[object, ...] = ()
        self._picture = Text()

    def show(self, history: History, view: PlotView, absent: str = "") -> None:
        """Show the curve of `history` in this `view`; redraws only a visible plot that has changed.

        `absent` is the reason why there will be no curve, empty if there will be one.
        """
        self._history, self._view, self._absent = history, view, absent
        content = (history, history.version, view, absent)
        if content != self._shown and is_seen(self):
            self._shown = content
            self._show_legend()
            self.refresh()

    def show_call(self, call: str) -> None:
        """Show in an empty plot what starts its curve."""
        if call != self._call:
            self._call = call
            self.refresh()

    def explain(self) -> Explanation:
        """Return the metric's explanation."""
        metric = words_of(self.metric)
        meaning = f"{metric.description[:1].upper()}{metric.description[1:]}, over the steps."
        if self.metric == REWARD_METRIC:
            meaning += f" {BESIDE_THE_REWARD}"
        keys = "c reads it at one step, z zooms, v smooths, l changes the scale, b gives it the whole screen."
        return Explanation(metric.title, f"{meaning} {keys}")

    def on_resize(self) -> None:
        """Show as much of the title and of the legend as there is room for."""
        self.border_title = as_title(words_of(self.metric).title_within(self.outer_size.width - _AROUND_TITLE))
        self._show_legend()

    def on_click(self, event: Click) -> None:
        """Move the cursor to the clicked step; all plots then read that step."""
        from pgplay.app.drawing import line_chart

        offset = event.get_content_offset(self)
        frame = line_chart.frame(self._chart(), *self.content_size) if self._buckets(self.metric) else None
        if offset is not None and frame is not None and offset.x >= frame.margin + 2:
            self.post_message(self.Pointed(max(1, min(self._history.last_step, frame.step_at(offset.x)))))

    def _show_legend(self) -> None:
        """Set the legend; in `render` it would be too late for the current frame."""
        self.border_subtitle = as_title(self._legend()) if self._history.of(self.metric).buckets else ""

    def _legend(self) -> str:
        """Return the lower border's text: the values at the cursor, else as much of the legend as fits."""
        view, width = self._view, self.content_size.width
        if view.cursor is not None:
            return f" {fit(self._reading(view.cursor), width - 6)} "
        parts = []
        if self.metric == REWARD_METRIC and width >= 40:
            parts += ["⣀ mean", "░ lowest to highest", "▪ greedy"]
            if self._history.marks:
                beside = width - len("  ".join(parts)) - 8
                alone = width - 6
                change = fit(plain(self._history.marks[-1].words), beside if beside >= 12 else alone)
                parts.append(f"┊ {change}")
        if view.smoothing:
            parts.append(f"mean of {view.smoothing} steps")
        if view.recent:
            parts.append(f"last {view.recent} steps")
        if self.metric in view.logarithmic:
            parts.append(self._scale())
        while len(parts) > 1 and len("  ".join(parts)) + 6 > width:
            del parts[0]
        return f" {'  '.join(parts)} " if parts else ""

    def _scale(self) -> str:
        """Return a note on the log scale with the number of values that it cannot show."""
        buckets = self._buckets(self.metric)
        hidden = sum(bucket.low <= 0 for bucket in buckets)
        if hidden == len(buckets):
            return "no log scale: nothing above 0"
        return f"log scale, {hidden} at or below 0 not shown" if hidden else "log scale"

    def _reading(self, step: int) -> str:
        """Return the value at `step`; for a bucket of several steps, their range."""
        bucket = self._history.of(self.metric).at(step)
        if bucket is None:
            return f"step {step}: no value"
        if bucket.steps > 1:
            return f"step {bucket.step}: {number(bucket.low)} to {number(bucket.high)}"
        greedy = self._history.of("greedy_reward").at(step) if self.metric == REWARD_METRIC else None
        changes = [f"  ┊ {plain(mark.words)}" for mark in self._history.marks if mark.step == step]
        value = f"step {bucket.step}: {number(bucket.last)}" + (f", greedy {number(greedy.last)}" if greedy else "")
        return value + "".join(changes)

    def render(self) -> Text:
        """Return the plot; redraws only after a change of numbers, view, size or theme."""
        width, height = self.content_size.width, self.content_size.height
        history = self._history
        if not history.of(self.metric).buckets:
            self._drawn = ()
            return self._hint(width, height)
        key = (history, history.version, self._view, width, height, self.app.theme)
        if key != self._drawn:
            self._picture = self._draw(width, height)
            self._drawn = key
        return self._picture

    def _buckets(self, metric: str) -> Sequence[Bucket]:
        return self._history.of(metric).since(self._view.first_step(self._history.last_step))

    def _chart(self) -> Chart:
        from pgplay.app.drawing.line_chart import Chart, ChartBand, Curve

        view, history = self._view, self._history
        raw = self._buckets(self.metric)
        curves = [Curve(raw)]
        if view.smoothing and raw:
            curves = [Curve(raw, "raw"), Curve(smoothed(raw, view.smoothing))]
        bands: tuple[ChartBand, ...] = ()
        if self.metric == REWARD_METRIC:
            curves.append(Curve(self._buckets("greedy_reward"), "points", "▪"))
            bands = (ChartBand(self._buckets("reward_min"), self._buckets("reward_max")),)
        return Chart(
            tuple(curves),
            last=history.last_step,
            first=view.first_step(history.last_step),
            bands=bands,
            top=1.0 if self.metric == REWARD_METRIC else 0.0,
            close=bool(view.recent),
            logarithmic=self.metric in view.logarithmic,
            marks=[mark.step for mark in history.marks],
            cursor=view.cursor,
        )

    def _draw(self, width: int, height: int) -> Text:
        from pgplay.app.drawing import line_chart

        names = ("line", "raw", "points", "band", "axis", "mark", "cursor")
        styles = {name: self.get_component_rich_style(f"plot--{name}", partial=True) for name in names}
        return line_chart.draw_chart(self._chart(), width, height, styles)

    def _hint(self, width: int, height: int) -> Text:
        text = self._absent or words_of(self.metric).description.capitalize()
        style = self.get_component_rich_style("plot--empty", partial=True)
        lines = Text(plain(text), style=style, end="").wrap(self.app.console, max(1, width - 2))[: max(1, height)]
        for line in lines:
            line.align("center", width)
        if self._call:
            call = Text(self._call, style=self.get_component_rich_style("plot--call", partial=True), end="")
            call.align("center", width)
            lines.append(call)
        return Text("\n" * max(0, (height - len(lines)) // 2), end="").append_text(Text("\n").join(lines))
