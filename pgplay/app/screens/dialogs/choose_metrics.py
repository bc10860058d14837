"""Choosing the plotted metrics: all metrics of the run with their newest values and meanings."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from pgplay.app.drawing.number_format import number
from pgplay.app.drawing.terminal_text import fit, pad, plain, terminal_text
from pgplay.app.screens.dialogs.base import Dialog
from pgplay.app.state.metric_history import History
from pgplay.app.state.plot_view import HISTOGRAM, MOST_PLOTS, words_of
from pgplay.app.widgets.text_fields import LineField
from pgplay.learning.reports.metrics import METRICS, TRADE, USUAL_METRICS

_VALUE_WIDTH = 9
_LONGEST_TITLE = max(len(words_of(name).title) for name in (*METRICS, HISTOGRAM))

HINT = (
    " space ticks · [@click=screen.find]/ finds[/] · [@click=screen.usual]u the usual four[/] · "
    "[@click=screen.done]escape shows them[/] "
)


class MetricsScreen(Dialog[tuple[str, ...]]):
    """A checklist: the first ticked metric fills the large plot, the others follow in order of ticking."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "done", "Show them"),
        ("space", "tick", "Tick"),
        ("slash", "find", "Find"),
        ("u", "usual", "The usual four"),
    ]
    AUTO_FOCUS = "OptionList"

    def __init__(self, history: History, shown: tuple[str, ...]) -> None:
        super().__init__()
        self._history = history
        self._shown = list(shown)

    def compose(self) -> ComposeResult:
        """Compose the filter and the list."""
        with Vertical(id="plots-dialog", classes="dialog -tall -wide") as dialog:
            dialog.border_title = "Plots"
            dialog.border_subtitle = HINT
            yield Static(id="metrics-shown", classes="words")
            yield LineField(placeholder="find a metric", id="find")
            yield OptionList(id="metrics", compact=True)
            yield Static(id="metric-about")

    def on_mount(self) -> None:
        """Fill the list."""
        self._fill("")

    def _fill(self, pattern: str) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        for name in dict.fromkeys([*METRICS, HISTOGRAM, TRADE, *self._history.series]):
            metric = words_of(name)
            if pattern.lower() in f"{name} {metric.title} {metric.description}".lower():
                options.add_option(Option(self._line(name), name))
        if options.option_count:
            options.highlighted = 0
        self._show_ticked()

    def _line(self, name: str) -> Text:
        metric, buckets = words_of(name), self._history.of(name).buckets
        value = number(buckets[-1].last) if buckets else "–"
        tick = f"{self._shown.index(name) + 1:>2}" if name in self._shown else " ·"
        line = Text(f"{tick}  ", no_wrap=True, end="", overflow="ellipsis")
        line.append(pad(plain(metric.title), _LONGEST_TITLE), "bold" if name in self._shown else "")
        line.append(f"{value:>{_VALUE_WIDTH}}  ")
        room = self.query_one(OptionList).scrollable_content_region.width - line.cell_len
        return line.append(fit(plain(metric.description), room, words=True), "dim")

    def _show_ticked(self) -> None:
        large, *small = [words_of(name).name for name in self._shown or USUAL_METRICS]
        summary = f"Large: {large}. " + (f"Small: {', '.join(small)}." if small else "No small plots.")
        self.query_one("#metrics-shown", Static).update(Text(plain(summary)))

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self._toggle(str(event.option_id))

    @on(OptionList.OptionHighlighted)
    def _describe(self, event: OptionList.OptionHighlighted) -> None:
        """Show the full meaning of the metric under the bar."""
        metric = words_of(str(event.option_id))
        self.query_one("#metric-about", Static).update(terminal_text(f"{metric.title}: {metric.description}"))

    def action_tick(self) -> None:
        """Tick or untick the metric under the bar."""
        options = self.query_one(OptionList)
        if options.highlighted is not None:
            self._toggle(str(options.get_option_at_index(options.highlighted).id))

    def _toggle(self, name: str) -> None:
        if name in self._shown:
            self._shown.remove(name)
        elif len(self._shown) >= MOST_PLOTS:
            self.app.notify(f"{MOST_PLOTS} plots are the maximum; untick one first.", timeout=4)
        else:
            self._shown.append(name)
        self._draw_lines()
        self._show_ticked()

    def on_resize(self) -> None:
        """Cut the meanings where the list ends now."""
        self.call_after_refresh(self._draw_lines)

    def _draw_lines(self) -> None:
        options = self.query_one(OptionList)
        for option in options.options:
            options.replace_option_prompt(str(option.id), self._line(str(option.id)))

    @on(Input.Changed)
    def _find(self, event: Input.Changed) -> None:
        self._fill(event.value)

    @on(Input.Submitted)
    def _focus_list(self) -> None:
        self.query_one(OptionList).focus()

    def action_find(self) -> None:
        """Go to the filter."""
        self.query_one(Input).focus()

    def action_usual(self) -> None:
        """Tick the usual metrics."""
        self._shown = list(USUAL_METRICS)
        self.query_one(Input).value = ""
        self._fill("")

    def action_done(self) -> None:
        """Show the ticked metrics."""
        self.dismiss(tuple(self._shown))
