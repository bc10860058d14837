"""Heat maps: the policy's next tokens, the target's tokens over training, and the distribution of rewards."""

from __future__ import annotations

from itertools import accumulate, zip_longest
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.binding import BindingType
from textual.widget import Widget

from pgplay.app.drawing import heatmap
from pgplay.app.drawing.terminal_text import as_title, pad
from pgplay.app.help.explanations import PANELS, Explanation
from pgplay.app.state.metric_history import History
from pgplay.app.state.plot_view import HISTOGRAM, PlotView, words_of
from pgplay.app.widgets.plots.curve import is_seen
from pgplay.app.widgets.token_table import shown_token
from pgplay.export import axes
from pgplay.learning.reports.step_detail import PolicyMap
from pgplay.locale.quoting import percent

_STYLES = ("faint", "low", "high", "axis", "now", "right", "wrong")
_LABEL, _WIDEST_LABEL = 8, 14
_WIDEST_CELL, _WIDEST_TOKEN = 4, 13
_COMPONENTS = {f"map--{name}" for name in _STYLES}


def _styles(widget: Widget) -> dict[str, Style]:
    return {name: widget.get_component_rich_style(f"map--{name}", partial=True) for name in _STYLES}


class NextTokens(Widget, can_focus=True):
    """Position × token: token probabilities along the greedy completion, the most likely tokens on top."""

    ALLOW_MAXIMIZE = True
    COMPONENT_CLASSES: ClassVar[set[str]] = _COMPONENTS
    BINDINGS: ClassVar[list[BindingType]] = [("left", "slide(-1)", "earlier"), ("right", "slide(1)", "later")]

    def __init__(self) -> None:
        super().__init__(id="next-tokens", classes="panel plot")
        self.border_title = "What it would write: position × token"
        self.border_subtitle = f" {heatmap.SHADE_LEGEND} "
        self._map: PolicyMap | None = None
        self._first = 0

    def show(self, policy_map: PolicyMap | None) -> None:
        """Show the policy's map."""
        if policy_map is not self._map:
            self._map = policy_map
            if policy_map is not None:
                self.border_title = as_title(f"What it would write · step {policy_map.step} · position × token")
            self.refresh()

    def action_slide(self, direction: int) -> None:
        """Scroll to earlier (-1) or later (1) positions of a long text."""
        if self._map is None:
            return
        cells = self._cells[: len(self._map.written)]
        most = len(cells) - self._fitting(cells[::-1])
        half = max(1, self._fitting(cells[self._first :]) // 2)
        self._first = min(most, max(0, self._first + direction * half))
        self.refresh()

    @property
    def _label(self) -> int:
        """The width of the labels, which are tokens."""
        longest = max((cell_len(shown_token(text)) for text in self._map.rows), default=0) if self._map else 0
        return min(_WIDEST_LABEL, max(_LABEL, longest))

    @property
    def _cells(self) -> list[int]:
        """The width of each position: four cells, which hold an entropy, or more for a longer token.

        If not all fit, positions of one character have fewer cells.
        """
        if self._map is None:
            return []
        longest = [max(pair, key=len) for pair in zip_longest(self._map.written, self._map.target, fillvalue="")]
        if all(len(text) <= 1 for text in longest):
            room = (self.content_size.width - self._label - 2) // max(1, len(longest))
            return [min(_WIDEST_CELL, max(2, room))] * len(longest)
        widths = (cell_len(shown_token(text)) + 1 for text in longest)
        return [min(_WIDEST_TOKEN, max(_WIDEST_CELL, width)) for width in widths]

    def _fitting(self, cells: list[int]) -> int:
        """Return how many positions of these widths fit, at least one."""
        room = self.content_size.width - self._label - 2
        return max(1, sum(end <= room for end in accumulate(cells)))

    def render(self) -> Text:
        """Return the greedy completion, its entropies, and one row per likely token."""
        present, styles = self._map, _styles(self)
        if present is None:
            return Text("What the policy would write appears here, position by position.", styles["axis"])
        widths, label = self._cells[self._first :], self._label
        visible = slice(self._first, self._first + self._fitting(widths))
        head = Text(no_wrap=True, end="").append(f"{'greedy':>{label}} │", styles["axis"])
        for position, (text, cell) in enumerate(zip(present.written[visible], widths, strict=False), start=self._first):
            is_right = position < len(present.target) and present.target[position] == text
            style = "now" if not present.has_target else "right" if is_right else "wrong"
            head.append(pad(shown_token(text), cell), styles[style])
        if present.has_target:
            head.append("\n").append(f"{'target':>{label}} │", styles["axis"])
            tokens = zip(present.target[visible], widths, strict=False)
            head.append("".join(pad(shown_token(text), cell) for text, cell in tokens), styles["now"])
        head.append("\n").append(f"{'entropy':>{label}} │", styles["axis"])
        for entropy, cell in zip(present.entropies[visible], widths, strict=False):
            exact = cell >= _WIDEST_CELL
            head.append(pad(f"{min(9.9, entropy):.1f}" if exact else f"{min(9, round(entropy))}", cell))
        rows = [
            heatmap.Labelled(shown_token(text), values[visible])
            for text, values in zip(present.rows, present.probabilities, strict=True)
            if max(values[visible], default=0.0) >= heatmap.VISIBLE
        ][: max(0, self.content_size.height - 2 - present.has_target)]
        return head.append("\n").append_text(heatmap.draw_map(rows, styles, label, cells=widths))


class TargetTokens(Widget, can_focus=True):
    """Position × step: the probability of each token of the target over training."""

    ALLOW_MAXIMIZE = True
    COMPONENT_CLASSES: ClassVar[set[str]] = _COMPONENTS
    BINDINGS: ClassVar[list[BindingType]] = [("up", "slide(-1)", "earlier"), ("down", "slide(1)", "later")]

    def __init__(self) -> None:
        super().__init__(id="target-tokens", classes="panel plot")
        self.border_title = "When each letter was learned: position of the target × step"
        self.border_subtitle = f" {heatmap.SHADE_LEGEND} "
        self._history = History()
        self._view = PlotView()
        self._labels: list[str] = []
        self._first = 0
        self._shown: object = None

    def show(self, history: History, view: PlotView, labels: list[str]) -> None:
        """Show the traces of `history`; `labels` are the target's tokens, or their position numbers."""
        content = (history, history.version, view, labels)
        self._history, self._view, self._labels = history, view, labels
        if content != self._shown and is_seen(self):
            self._shown = content
            self._show_legend()
            self.refresh()

    def action_slide(self, direction: int) -> None:
        """Scroll to earlier (-1) or later (1) positions of a long target."""
        rows = max(1, self.content_size.height - 2)
        most = max(0, len(self._labels) - rows)
        self._first = min(most, max(0, self._first + direction * max(1, rows // 2)))
        self._show_legend()
        self.refresh()

    def on_resize(self) -> None:
        """Show the visible positions of a long target."""
        self._show_legend()

    def _show_legend(self) -> None:
        rows, count = max(1, self.content_size.height - 2), len(self._labels)
        last = min(count, self._first + rows)
        positions = f"{self._first + 1} to {last} of {count} (up, down)  " if count > rows else ""
        self.border_subtitle = as_title(f" {positions}{heatmap.SHADE_LEGEND} ")

    def render(self) -> Text:
        """Return one row per position that fits, with the steps below."""
        history, styles = self._history, _styles(self)
        width, height = self.content_size
        if not history.traces.all or not self._labels:
            return Text("The probability of each letter of the target appears here.", styles["axis"])
        margin = 4
        columns, last = max(4, width - margin - 2), history.last_step
        axis, traces = heatmap.over_steps(history.traces, self._view.first_step(last), last, columns)
        rows = heatmap.target_rows(traces, self._labels, self._first, max(1, height - 2))
        picture = heatmap.draw_map(rows, styles, margin)
        return picture.append("\n" + axes.step_ruler(axis, margin, columns), styles["axis"])


class RewardHistogram(Widget, can_focus=True):
    """Reward × step: the distribution of each step's rewards."""

    ALLOW_MAXIMIZE = True
    COMPONENT_CLASSES: ClassVar[set[str]] = _COMPONENTS

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel plot")
        self.metric = HISTOGRAM
        self.border_title = as_title(words_of(HISTOGRAM).title)
        self.border_subtitle = f" {heatmap.SHADE_LEGEND} "
        self._history = History()
        self._view = PlotView()
        self._shown: object = None

    def explain(self) -> Explanation:
        """Return the explanation of the histogram."""
        return PANELS["rewards"]

    def show(self, history: History, view: PlotView, absent: str = "") -> None:
        """Show the histograms of the steps of `history` in this `view`."""
        del absent  # every kind of run has rewards
        content = (history, history.version, view)
        self._history, self._view = history, view
        if content != self._shown and is_seen(self):
            self._shown = content
            self.border_subtitle = as_title(f" {self._legend()} ")
            self.refresh()

    def _legend(self) -> str:
        cursor = self._view.cursor
        trace = self._history.traces.at([cursor])[0] if cursor is not None else None
        if trace is None:
            return heatmap.SHADE_LEGEND
        fullest = max(range(len(trace.rewards)), key=lambda number: trace.rewards[number])
        width = (trace.high - trace.low) / len(trace.rewards)
        share = trace.rewards[fullest] / max(1, sum(trace.rewards))
        low, high = trace.low + fullest * width, trace.low + (fullest + 1) * width
        return f"step {cursor}: {percent(share)} from {low:.2f} to {high:.2f}"

    def render(self) -> Text:
        """Return one row per interval of the rewards' range, with the steps below."""
        history, styles = self._history, _styles(self)
        width, height = self.content_size
        if not history.traces.all or height < 4:
            return Text("The distribution of each step's rewards appears here.", styles["axis"])
        margin, last = 5, history.last_step
        columns = max(4, width - margin - 2)
        axis, traces = heatmap.over_steps(history.traces, self._view.first_step(last), last, columns)
        picture = heatmap.draw_map(heatmap.histogram_rows(traces, height - 2), styles, margin)
        return picture.append("\n" + axes.step_ruler(axis, margin, columns), styles["axis"])
