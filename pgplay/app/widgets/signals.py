"""Signal health: one line per signal, with advice for one out of range."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from pgplay.app.drawing.terminal_text import pad
from pgplay.app.help.explanations import PANELS, Explanation
from pgplay.app.state.app_state import AppState, words_of_change
from pgplay.app.state.plot_view import words_of
from pgplay.app.widgets.plots.curve import is_seen
from pgplay.learning.reports.signals import JUDGED, RECENT_STEPS, Signal
from pgplay.locale.catalog import signal_advice, signal_meaning

SIGNS = {"fine": "●", "watch": "▲", "bad": "✗"}
NO_SIGNALS = "The health of the learning signal appears here: ties, entropy, clipping, noise, and what to try."
_TITLE, _VALUE, _GAP, _INDENT = 24, 9, "  ", "    "

HEALTH_COMPONENTS = {"health--fine", "health--watch", "health--bad", "health--muted"}


def styles_of(widget: Widget) -> dict[str, Style]:
    """Return the styles of the states in the current theme."""
    return {name.partition("--")[2]: widget.get_component_rich_style(name, partial=True) for name in HEALTH_COMPONENTS}


def signal_lines(
    signals: Sequence[Signal], styles: dict[str, Style], width: int, keys: dict[str, str] | None = None
) -> list[Text]:
    """Return each signal in lines of at most `width` cells, the meanings beside the values if all fit there.

    With `keys` (the keys that apply a suggestion, by metric), each signal's advice is below it; a click on the change
    applies it through the screen's action `follow`.
    """
    head = len(f"{SIGNS['fine']} ") + _TITLE + _VALUE + len(_GAP)
    meanings = [signal_meaning(signal.metric, signal.numbers, signal.state) for signal in signals]
    beside = all(head + cell_len(meaning) <= width for meaning in meanings)
    lines = []
    for signal, meaning in zip(signals, meanings, strict=True):
        style = styles[signal.state]
        line = Text(f"{SIGNS[signal.state]} ", style, end="")
        line.append(pad(words_of(signal.metric).name, _TITLE), style)
        line.append(f"{signal.value:>{_VALUE}.3g}")
        lines.append(line)
        if beside:
            line.append(f"{_GAP}{meaning}", styles["muted"])
        else:
            lines += _indented(meaning, width, styles["muted"])
        advice = signal_advice(signal.metric, signal.state)
        if keys is not None and advice:
            lines += _indented(f"try {advice}", width)
            if signal.metric in keys and signal.settings:
                key = keys[signal.metric]
                change = _indented(f"{key}: {words_of_change(signal.settings)}", width, style)
                lines += [line.on({"@click": f"screen.follow({key})"}) for line in change]
    return lines


def _indented(text: str, width: int, style: Style | str = "") -> list[Text]:
    return [Text(_INDENT + line, style, end="") for line in textwrap.wrap(text, max(1, width - len(_INDENT)))]


class Health(Widget, can_focus=True):
    """The panel of signals beside the samples, if there is room."""

    ALLOW_MAXIMIZE = True
    COMPONENT_CLASSES: ClassVar[set[str]] = HEALTH_COMPONENTS

    def __init__(self) -> None:
        super().__init__(id="health", classes="panel")
        self.border_title = f"Signal health, means of the last {RECENT_STEPS} steps"
        self._signals: tuple[Signal, ...] = ()

    def explain(self) -> Explanation:
        """Return the explanation of the panel and of each number."""
        numbers = (f"{metric.title}: {metric.description}." for metric in map(words_of, JUDGED))
        return PANELS["health"]._replace(words=" ".join([PANELS["health"].words, *numbers]))

    def show(self, state: AppState) -> None:
        """Show the current signals."""
        if not is_seen(self):
            return
        signals = state.signals
        self.border_subtitle = " d what to try, and the keys " if signals else ""
        if signals != self._signals:
            self._signals = signals
            self.refresh()

    def render(self) -> Text:
        """Return as many lines as fit."""
        styles = styles_of(self)
        if not self._signals:
            return Text(NO_SIGNALS, styles["muted"])
        lines = signal_lines(self._signals, styles, self.content_size.width)
        return Text("\n", no_wrap=True, end="").join(lines[: self.content_size.height])
