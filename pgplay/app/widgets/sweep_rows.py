"""The rows of a sweep: recipes below each other with every run as a dot, and a cursor over rows and seeds."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from pgplay.app.drawing.sweep_lines import (
    LINE_MARGIN,
    DrawnRow,
    DrawnSweep,
    count_of_states,
    head_line,
    seed_lines,
    seeds_per_line,
    strip_line,
    verdict_line,
)
from pgplay.experiments.sweep_view import SeedRun

_NAMES = (
    *("cursor", "label", "facts", "hacked", "muted", "grid", "bar", "dot", "missed", "middle", "middle-dot"),
    *("reached", "failed", "training", "better", "worse", "chosen"),
)


class SweepRows(ScrollView, can_focus=True):
    """Draws only what is visible, so that a sweep of a thousand recipes costs no more than a small one."""

    ALLOW_MAXIMIZE = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"sweep--{name}" for name in _NAMES}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1, 0)", "row", show=False),
        Binding("down,j", "move(1, 0)", "row", show=False),
        Binding("left", "move(0, -1)", "seed", show=False),
        Binding("right", "move(0, 1)", "seed", show=False),
        Binding("pageup", "move(-5, 0)", show=False),
        Binding("pagedown", "move(5, 0)", show=False),
        Binding("home", "move(-100000, 0)", show=False),
        Binding("end", "move(100000, 0)", show=False),
    ]

    class Moved(Message):
        """The cursor is on another seed."""

    class Chosen(Message):
        """The seed under the cursor was clicked once more."""

    def __init__(self) -> None:
        super().__init__(id="sweep-rows", classes="panel")
        self._drawn = DrawnSweep((), None, "")
        self.row, self.place = 0, 0

    def show(self, drawn: DrawnSweep) -> None:
        """Draw these rows; the cursor stays."""
        self._drawn = drawn
        self._keep_within()
        self._measure()
        self.refresh()

    def on_resize(self) -> None:
        """Measure the rows again."""
        self._measure()

    @property
    def columns(self) -> int:
        """The cells of the shared axis."""
        return max(10, self.scrollable_content_region.width - 2 * LINE_MARGIN)

    @property
    def selected_row(self) -> DrawnRow | None:
        """The row under the cursor."""
        return self._drawn.rows[self.row] if self._drawn.rows else None

    @property
    def selected(self) -> SeedRun | None:
        """The seed under the cursor."""
        row = self.selected_row
        return row.seeds[self.place] if row is not None and row.seeds else None

    def action_move(self, rows: int, seeds: int) -> None:
        """Move the cursor."""
        self.row, self.place = self.row + rows, self.place + seeds
        self._keep_within()
        height = self._height
        self.scroll_to_region(Region(0, self.row * height, 1, height), animate=False)
        self.refresh()
        self.post_message(self.Moved())

    def on_click(self, event: Click) -> None:
        """Put the cursor on the clicked seed; a second click chooses it."""
        offset = event.get_content_offset(self)
        if offset is None or not self._drawn.rows:
            return
        row, part = divmod(offset.y + self.scroll_offset.y, self._height)
        if row >= len(self._drawn.rows):
            return
        room = seeds_per_line(self._width)
        line, column = part - 2, offset.x - LINE_MARGIN
        place = line * room + column
        is_seed = 0 <= line < self._seed_lines and 0 <= column < room and place < len(self._drawn.rows[row].seeds)
        was = self.row, self.place
        self.row = row
        if is_seed:
            self.place = place
        self.action_move(0, 0)
        if is_seed and was == (self.row, self.place):
            self.post_message(self.Chosen())

    def _keep_within(self) -> None:
        self.row = max(0, min(self.row, len(self._drawn.rows) - 1))
        seeds = len(self._drawn.rows[self.row].seeds) if self._drawn.rows else 0
        self.place = max(0, min(self.place, seeds - 1))

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    @property
    def _seed_lines(self) -> int:
        """The lines that the seeds of a row take."""
        most = max((len(row.seeds) for row in self._drawn.rows), default=1)
        return max(1, -(-most // seeds_per_line(self._width)))

    @property
    def _height(self) -> int:
        """The lines of a row: its head, its strip, its seeds, its verdict, and on a tall screen an empty one."""
        return 3 + self._seed_lines + (0 if self.screen.has_class("-low") else 1)

    def _measure(self) -> None:
        self.virtual_size = Size(self._width, self._height * len(self._drawn.rows))

    def render_line(self, y: int) -> Strip:
        """Return the line `y` of what is visible."""
        width = self._width
        place, part = divmod(y + self.scroll_offset.y, self._height)
        if place >= len(self._drawn.rows):
            return Strip.blank(width, self.rich_style)
        line = self._line(self._drawn.rows[place], place, part)
        strip = Strip(line.render(self.app.console)).adjust_cell_length(width)
        return strip.apply_style(self.rich_style)

    def _line(self, row: DrawnRow, place: int, part: int) -> Text:
        styles = self._styles()
        is_selected = place == self.row
        if part == 0:
            return head_line(row, self._width, styles, is_selected=is_selected and self.has_focus)
        if part == 1:
            return strip_line(row, self._drawn.axis, self.columns, styles)
        if part < 2 + self._seed_lines:
            lines = seed_lines(row.seeds, self._width, styles, self.place if is_selected else None)
            line = lines[part - 2] if part - 2 < len(lines) else Text()
            counts = count_of_states(row.seeds)
            if part == 1 + self._seed_lines and line.cell_len + len(counts) + 3 <= self._width:
                line.append(f"   {counts}", styles["muted"])
            return line
        if part == 2 + self._seed_lines:
            return verdict_line(row, self._width, styles)
        return Text()

    def _styles(self) -> dict[str, Style]:
        styles = {name: self.get_component_rich_style(f"sweep--{name}", partial=True) for name in _NAMES}
        return {**styles, "not told apart": styles["muted"]}
