"""How the learning signal stands: a line for each of its numbers, and what to try where one is out of range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from pgplay.app.formats import number
from pgplay.app.safe_text import pad
from pgplay.app.state import AppState, words_of_change
from pgplay.app.view import words_of
from pgplay.app.widgets.plot import is_seen
from pgplay.learning.health import Signal

SIGNS = {"fine": "●", "watch": "▲", "bad": "✗"}
EMPTY = "How the learning signal stands will be told here: ties, entropy, clipping, noise, and what to try."
_TITLE, _VALUE = 18, 9

COMPONENTS = {"health--fine", "health--watch", "health--bad", "health--muted"}


def styles_of(widget: Widget) -> dict[str, Style]:
    """Return the styles of the states as the present theme has them."""
    return {name.partition("--")[2]: widget.get_component_rich_style(name, partial=True) for name in COMPONENTS}


def told(
    signals: Sequence[Signal], styles: dict[str, Style], keys: dict[str, str], *, apart: bool = False
) -> list[Text]:
    """Return a line for each signal, and one beneath it with the advice; `keys` are those that follow it, by metric.

    With `apart` a signal's meaning has a line of its own, in place of the advice.
    """
    lines = []
    for signal in signals:
        style = styles[signal.state]
        line = Text(f"{SIGNS[signal.state]} ", style, end="")
        line.append(pad(words_of(signal.metric).title.partition(",")[0], _TITLE), style)
        line.append(f"{number(signal.value):>{_VALUE}}")
        if apart:
            lines += [line, Text(f"    {signal.meaning}", styles["muted"], end="")]
            continue
        lines.append(line.append(f"  {signal.meaning}", styles["muted"]))
        if signal.advice:
            advice = Text(f"    try {signal.advice}", end="")
            if signal.metric in keys and signal.settings:
                advice.append(f"  {keys[signal.metric]}: {words_of_change(signal.settings)}", style)
            lines.append(advice)
    return lines


class Health(Widget, can_focus=True):
    """The panel beside the curves, where there is room for one."""

    ALLOW_MAXIMIZE = True
    COMPONENT_CLASSES: ClassVar[set[str]] = COMPONENTS

    def __init__(self) -> None:
        super().__init__(id="health", classes="panel")
        self.border_title = "Signal health"
        self._signals: tuple[Signal, ...] = ()

    def show(self, state: AppState) -> None:
        """Show how the signal stands now."""
        if not is_seen(self):
            return
        signals = state.signals
        self.border_subtitle = " ? tells what to try, and the keys " if signals else ""
        if signals != self._signals:
            self._signals = signals
            self.refresh()

    def render(self) -> Text:
        """Return as many lines as fit."""
        styles = styles_of(self)
        if not self._signals:
            return Text(EMPTY, styles["muted"])
        lines = told(self._signals, styles, {}, apart=2 * len(self._signals) <= self.content_size.height)
        for line in lines:
            line.truncate(self.content_size.width, overflow="ellipsis")
        return Text("\n", no_wrap=True, end="").join(lines[: self.content_size.height])
