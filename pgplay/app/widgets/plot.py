"""A panel with one plot. It is drawn only when it is seen, has changed, and is due."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.widget import Widget

from pgplay.app.history import History, Series
from pgplay.app.safe_text import plain

LEGENDS = {"reward_mean": " ⣀ mean  ░ lowest to highest  ▪ greedy "}


class Plot(Widget):
    """The curve of one metric, in its own panel, or, while there is none, the words that say what will come."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "plot--line",
        "plot--points",
        "plot--band",
        "plot--axis",
        "plot--empty",
        "plot--call",
    }

    def __init__(self, metric: str, title: str, empty: str, *, call: str = "", greedy: bool = False) -> None:
        super().__init__(id=f"plot-{metric.replace('_', '-')}", classes="panel plot")
        self.border_title = title
        self.metric = metric
        self._empty = empty
        self._call = call
        self._with_greedy = greedy
        self._history = History()
        self._absent = ""
        self._drawn: tuple[object, ...] = ()
        self._picture = Text()

    def show(self, history: History, absent: str = "") -> None:
        """Show the curve of `history`, redrawn only where it changed and is to be seen.

        `absent` says why there will be none, where there will be none.
        """
        changed = history is not self._history or history.version != self._drawn_version or absent != self._absent
        self._history, self._absent = history, absent
        if changed and self.is_on_screen:
            self._show_legend()
            self.refresh()

    def on_resize(self) -> None:
        """Show the legend where there is room for it."""
        self._show_legend()

    def _show_legend(self) -> None:
        """Set the legend; within `render` it would come too late for the frame that is being drawn."""
        there = bool(self._history.series[self.metric].buckets) and self.content_size.width >= 40
        self.border_subtitle = LEGENDS.get(self.metric, "") if there else ""

    @property
    def is_on_screen(self) -> bool:
        """Whether there is anything of it to see."""
        return self.display and self.size.width > 0 and self.size.height > 0

    @property
    def _drawn_version(self) -> object:
        return self._drawn[0] if self._drawn else None

    def render(self) -> Text:
        """Return the plot as it is now, drawn anew only if its numbers, size or colours changed."""
        width, height = self.content_size.width, self.content_size.height
        history = self._history
        line = history.series[self.metric]
        if not line.buckets:
            self._drawn = (history.version,)
            return self._hint(width, height)
        key = (history.version, width, height, self.app.theme)
        if key != self._drawn:
            self._picture = self._draw(line, width, height)
            self._drawn = key
        return self._picture

    def _draw(self, line: Series, width: int, height: int) -> Text:
        from pgplay.app import charts

        series = self._history.series
        chart = charts.Chart(line)
        if self._with_greedy:
            chart = charts.Chart(line, series["greedy_reward"], (series["reward_min"], series["reward_max"]), top=1.0)
        names = ("line", "points", "band", "axis")
        styles = {name: self.get_component_rich_style(f"plot--{name}", partial=True) for name in names}
        return charts.draw(chart, width, height, self._history.last_step, styles)

    def _hint(self, width: int, height: int) -> Text:
        style = self.get_component_rich_style("plot--empty", partial=True)
        lines = Text(plain(self._absent or self._empty), style=style, end="").wrap(self.app.console, max(1, width - 2))[
            : max(1, height)
        ]
        for line in lines:
            line.align("center", width)
        if self._call:
            call = Text(self._call, style=self.get_component_rich_style("plot--call", partial=True), end="")
            call.align("center", width)
            lines.append(call)
        return Text("\n" * max(0, (height - len(lines)) // 2), end="").append_text(Text("\n").join(lines))


def make_plots() -> list[Plot]:
    """Return the main screen's plots, the large one first."""
    return [
        Plot(
            "reward_mean",
            "Reward",
            "The reward of every step will be drawn here.",
            call="Press space to start.",
            greedy=True,
        ),
        Plot("entropy", "Entropy, nats", "How undecided the policy is."),
        Plot("cross_entropy", "Cross-entropy, nats", "How far the policy is from the target."),
        Plot("gradient_norm", "Gradient norm", "How hard each step pulls."),
    ]
