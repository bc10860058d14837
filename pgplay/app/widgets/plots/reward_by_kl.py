"""Reward over KL: each step's reward by its divergence from the reference."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.widget import Widget

from pgplay.app.drawing.number_format import number
from pgplay.app.drawing.terminal_text import as_title
from pgplay.app.help.explanations import Explanation
from pgplay.app.state.metric_history import History
from pgplay.app.state.plot_view import PlotView, words_of
from pgplay.app.widgets.plots.curve import Plot, is_seen
from pgplay.learning.reports.metrics import DIVERGENCE, REWARD_METRIC, TRADE

_MOST_POINTS = 500
"""Maximum number of drawn points: a line through thousands would take longer than a frame."""


class RewardByKlPlot(Widget, can_focus=True):
    """Reward over KL as a trail, one point per step; the newest one is marked."""

    ALLOW_MAXIMIZE = True
    COMPONENT_CLASSES: ClassVar[set[str]] = Plot.COMPONENT_CLASSES

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel plot")
        self.metric = TRADE
        self.border_title = as_title(words_of(TRADE).title)
        self._history = History()
        self._view = PlotView()
        self._absent = ""
        self._shown: object = None

    def explain(self) -> Explanation:
        """Return how to read the plot."""
        return Explanation(
            "Reward over KL",
            "One point per step. Up: more reward. Right: further from the reference (exact KL, nats per token). kl "
            "sets the price. ● is the newest step, ◆ the step at the cursor (c).",
        )

    def show(self, history: History, view: PlotView, absent: str = "") -> None:
        """Show the steps of `history` in this `view`; `absent` is the reason why there are none."""
        content = (history, history.version, view, absent)
        self._history, self._view, self._absent = history, view, absent
        if content != self._shown and is_seen(self):
            self._shown = content
            self.border_subtitle = as_title(self._legend())
            self.refresh()

    def _rows(self) -> list[tuple[int, float, float]]:
        rows = self._history.trail(DIVERGENCE, REWARD_METRIC, self._view.first_step(self._history.last_step))
        stride = -(-len(rows) // _MOST_POINTS) or 1
        return rows[::-1][::stride][::-1]  # counted back from the newest, which is always kept

    def _cursor_index(self, rows: list[tuple[int, float, float]]) -> int | None:
        cursor = self._view.cursor
        if cursor is None:
            return None
        return max((index for index, (step, _, _) in enumerate(rows) if step <= cursor), default=0)

    def _legend(self) -> str:
        rows = self._rows()
        if not rows:
            return ""
        index = self._cursor_index(rows)
        mark, (step, divergence, reward) = ("●", rows[-1]) if index is None else ("◆", rows[index])
        return f" {mark} step {step}: {number(reward)} at {number(divergence)} nats "

    def render(self) -> Text:
        """Return the plot."""
        from pgplay.app.drawing import line_chart

        rows = self._rows()
        if not rows:
            hint = self._absent or "There is no KL without a reference: use a warm start or set kl."
            return Text(hint, self.get_component_rich_style("plot--empty", partial=True))
        names = ("line", "raw", "points", "axis", "cursor")
        styles = {name: self.get_component_rich_style(f"plot--{name}", partial=True) for name in names}
        points = [(divergence, reward) for _, divergence, reward in rows]
        trail = line_chart.Trail(points, 1.0, self._cursor_index(rows))
        return line_chart.draw_trail(trail, self.content_size.width, self.content_size.height, styles)
