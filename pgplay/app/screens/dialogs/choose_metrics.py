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
from pgplay.app.drawing.terminal_text import pad, plain, terminal_text
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

    def _fill(self, wanted: str) -> None:
        rows = self.query_one(OptionList)
        rows.clear_options()
        for name in dict.fromkeys([*METRICS, HISTOGRAM, TRADE, *self._history.series]):
            words = words_of(name)
            if wanted.lower() in f"{name} {words.title} {words.description}".lower():
                rows.add_option(Option(self._row(name), name))
        if rows.option_count:
            rows.highlighted = 0
        self._tell()

    def _row(self, name: str) -> Text:
        words, buckets = words_of(name), self._history.of(name).buckets
        value = number(buckets[-1].last) if buckets else "–"
        place = f"{self._shown.index(name) + 1:>2}" if name in self._shown else " ·"
        row = Text(f"{place}  ", no_wrap=True, end="", overflow="ellipsis")
        row.append(pad(plain(words.title), _LONGEST_TITLE), "bold" if name in self._shown else "")
        return row.append(f"{value:>{_VALUE_WIDTH}}  ").append(plain(words.description), "dim")

    def _tell(self) -> None:
        large, *small = [words_of(name).name for name in self._shown or USUAL_METRICS]
        words = f"Large: {large}. " + (f"Small: {', '.join(small)}." if small else "No small plots.")
        self.query_one("#metrics-shown", Static).update(Text(plain(words)))

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self._toggle(str(event.option_id))

    @on(OptionList.OptionHighlighted)
    def _describe(self, event: OptionList.OptionHighlighted) -> None:
        """Show the full meaning of the metric under the bar."""
        words = words_of(str(event.option_id))
        self.query_one("#metric-about", Static).update(terminal_text(f"{words.title}: {words.description}"))

    def action_tick(self) -> None:
        """Tick or untick the metric under the bar."""
        rows = self.query_one(OptionList)
        if rows.highlighted is not None:
            self._toggle(str(rows.get_option_at_index(rows.highlighted).id))

    def _toggle(self, name: str) -> None:
        if name in self._shown:
            self._shown.remove(name)
        elif len(self._shown) >= MOST_PLOTS:
            self.app.notify(f"{MOST_PLOTS} plots are the maximum; untick one first.", timeout=4)
        else:
            self._shown.append(name)
        rows = self.query_one(OptionList)
        for option in rows.options:
            rows.replace_option_prompt(str(option.id), self._row(str(option.id)))
        self._tell()

    @on(Input.Changed)
    def _find(self, event: Input.Changed) -> None:
        self._fill(event.value)

    @on(Input.Submitted)
    def _found(self) -> None:
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
