"""The plots of the main screen: a large one, and small ones in rows of three below it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

from textual.app import ComposeResult
from textual.containers import Container, Vertical

from pgplay.app.messages import PARTS, Part
from pgplay.app.state.metric_history import History
from pgplay.app.state.plot_view import HISTOGRAM, PlotView
from pgplay.app.widgets.plots.curve import Plot
from pgplay.app.widgets.plots.heatmaps import RewardHistogram
from pgplay.app.widgets.plots.reward_by_kl import RewardByKlPlot
from pgplay.learning.reports.metrics import TRADE

IN_A_ROW = 3
LARGE = "plot-1"
Panel = Plot | RewardHistogram | RewardByKlPlot


class Curves(Vertical):
    """One plot per metric in the view; rebuilt only when the metrics change."""

    ALLOW_MAXIMIZE = True

    def __init__(self) -> None:
        super().__init__(id="curves")
        self._view = PlotView()

    def compose(self) -> ComposeResult:
        """Compose the large plot and the small ones."""
        large, *small = self._view.shown
        yield _panel(large, 1)
        with Container(id="small-plots"):
            yield from self._small(small)
        for rows in range(1, 4):
            self.set_class(rows == math.ceil(len(small) / IN_A_ROW), f"-rows-{rows}")

    @staticmethod
    def _small(metrics: list[str]) -> Iterator[Panel]:
        for number, metric in enumerate(metrics, start=2):
            plot = _panel(metric, number)
            plot.set_class(number > 2, "-further")
            yield plot

    def show(self, history: History, view: PlotView, absent: str, call: str, parts: Collection[Part]) -> None:
        """Show the curves of `history` in the plots of `parts`.

        `absent` is the reason why a run has only rewards to show, `call` the hint how to start.
        """
        has_other_metrics = view.shown != self._view.shown
        self._view = view
        if has_other_metrics:
            self.refresh(recompose=True)
            self.call_after_refresh(self.show, history, view, absent, call, PARTS)
            return
        for plot in (*self.query(Plot), *self.query(RewardHistogram), *self.query(RewardByKlPlot)):
            if ("large" if plot.id == LARGE else "small") in parts:
                has_values = not absent or history.of(plot.metric).buckets or plot.metric.startswith("reward")
                plot.show(history, view, "" if has_values else absent)
                if isinstance(plot, Plot) and plot.id == LARGE:
                    plot.show_call(call)


def _panel(metric: str, number: int) -> Panel:
    if metric == HISTOGRAM:
        return RewardHistogram(id=f"plot-{number}")
    if metric == TRADE:
        return RewardByKlPlot(id=f"plot-{number}")
    return Plot(metric, id=f"plot-{number}")
