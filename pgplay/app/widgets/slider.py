"""A slider over the steps of a run, moved with keys or the mouse."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import MouseDown, MouseMove, MouseUp
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from pgplay.app.help.explanations import Explanation

LEAPS = 20
"""The leaps in the whole range."""


class Slider(Widget, can_focus=True):
    """Selects a step from 0 to `last`; keys move along `stops` and `marks`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "back", key_display="←"),
        Binding("right", "move(1)", "on", key_display="→"),
        Binding("shift+left,ctrl+left", "leap(-1)", "far back", show=False),
        Binding("shift+right,ctrl+right", "leap(1)", "far forward", show=False),
        Binding("pageup", "mark(-1)", "checkpoints", key_display="pgup/pgdn"),
        Binding("pagedown", "mark(1)", "next checkpoint", show=False),
        Binding("home", "go(0)", "beginning", show=False),
        Binding("end", "end", "end", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"slider--line", "slider--mark", "slider--here"}

    value = reactive(0)

    class Moved(Message):
        """The slider moved to another step."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.last = 0
        self.stops: Sequence[int] = ()
        self.marks: Sequence[int] = ()

    def explain(self) -> Explanation:
        """Return how to move the slider."""
        return Explanation(
            "Steps",
            "The step that is shown. Left and right move to the next stored sample, with Shift by a twentieth of the "
            "run; Page Up and Page Down move between checkpoints (●), Home and End to the ends. Or drag it.",
        )

    def show(self, last: int, stops: Sequence[int], marks: Sequence[int]) -> None:
        """Extend the range; a slider at the end stays at the end."""
        at_end = self.value == self.last
        self.last, self.stops, self.marks = last, stops, marks
        if at_end:
            self.value = last
        self.refresh()

    def watch_value(self, value: int) -> None:
        """Post the current step."""
        self.post_message(self.Moved(value))

    def action_go(self, step: int) -> None:
        """Go to `step`, within the range."""
        self.value = max(0, min(self.last, step))

    def action_end(self) -> None:
        """Go to the last step."""
        self.value = self.last

    def action_move(self, direction: int) -> None:
        """Go to the next stop in the direction -1 or 1."""
        self.value = _next(self.stops, self.value, direction, self.last)

    def action_mark(self, direction: int) -> None:
        """Go to the next mark in the direction -1 or 1."""
        self.value = _next(self.marks, self.value, direction, self.last)

    def action_leap(self, direction: int) -> None:
        """Move by a twentieth of the range."""
        self.action_go(self.value + direction * max(1, self.last // LEAPS))

    def on_mouse_down(self, event: MouseDown) -> None:
        """Go to the pressed cell, and follow the mouse until it is released."""
        self.capture_mouse()
        self._follow(event.x)

    def on_mouse_move(self, event: MouseMove) -> None:
        """Follow the mouse while it is pressed."""
        if self.app.mouse_captured is self:
            self._follow(event.x)

    def on_mouse_up(self, event: MouseUp) -> None:
        """Stop following the mouse."""
        self.release_mouse()

    def _follow(self, x: int) -> None:
        start, columns = self._track()
        self.action_go(round((x - self.gutter.left - start) / max(1, columns - 1) * self.last))

    def _track(self) -> tuple[int, int]:
        """Return the start of the track and its width in cells."""
        return 3, max(2, self.content_size.width - len(f"{self.last:,}") - 5)

    def render(self) -> Text:
        """Return the track with its marks and the current step."""
        _, columns = self._track()
        cells = ["─"] * columns
        line = self.get_component_rich_style("slider--line", partial=True)
        styles = [line] * columns
        for step in self.marks:
            column = self._column(step, columns)
            cells[column], styles[column] = "●", self.get_component_rich_style("slider--mark", partial=True)
        here = self._column(self.value, columns)
        cells[here] = "◉" if self.value in self.marks else "┃"
        styles[here] = self.get_component_rich_style("slider--here", partial=True)
        text = Text("0 ├", style=line, end="", no_wrap=True)
        for cell, style in zip(cells, styles, strict=True):
            text.append(cell, style)
        return text.append(f"┤ {self.last:,}")

    def _column(self, step: int, columns: int) -> int:
        return round(step / max(1, self.last) * (columns - 1))


def _next(stops: Sequence[int], value: int, direction: int, last: int) -> int:
    """Return the stop after or before `value`; the end of the range if there is none."""
    if direction > 0:
        index = bisect.bisect_right(stops, value)
        return stops[index] if index < len(stops) else last
    index = bisect.bisect_left(stops, value)
    return stops[index - 1] if index else 0
