"""Texts sampled on request, beside those of the base or the reference."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from pgplay.app.drawing import number_format
from pgplay.app.drawing.alignment_text import coloured
from pgplay.app.drawing.side_by_side import column_width, side_by_side
from pgplay.app.drawing.terminal_text import LENGTH_LIMIT, terminal_text
from pgplay.app.widgets.samples import Samples, component_styles, cut_into
from pgplay.learning.reports.step_report import Sample
from pgplay.worker.protocol.events import Written

POLICY = "trained"
"""The policy's name beside the other one's."""
_WIDE = 88
"""Cells from which pairs are in two columns; in fewer, one below the other."""
_TITLE = 11


class WrittenTexts(VerticalScroll):
    """Lists texts, each with its reward if it has one, wrapped to the width."""

    COMPONENT_CLASSES: ClassVar[set[str]] = Samples.COMPONENT_CLASSES

    def __init__(self) -> None:
        super().__init__(id="written")
        self._written: Written | None = None

    def compose(self) -> ComposeResult:
        """Compose the list."""
        yield Static("Samples appear here.", id="texts", markup=False)

    def say(self, message: str) -> None:
        """Show a message instead of texts."""
        self._written = None
        self.query_one("#texts", Static).update(terminal_text(message, lines=True))

    def show(self, written: Written) -> None:
        """Show the texts of `written`."""
        self._written = written
        self.draw()

    def on_resize(self) -> None:
        """Wrap the texts to the width."""
        self.draw()

    def draw(self) -> None:
        """Draw the texts in the theme's colours."""
        if self._written is None:
            return
        written, width = self._written, self.scrollable_content_region.width
        pairs = list(zip(written.samples, written.other_samples, strict=False))
        if not pairs:
            lines = [line for sample in written.samples for line in self._block(sample, width)]
        elif width < _WIDE:
            titles = (POLICY, written.other)
            lines = [
                line
                for pair in pairs
                for title, sample in zip(titles, pair, strict=True)
                for line in self._block(sample, width, f"{title:<{_TITLE}}")
            ]
        else:
            column = column_width(width)
            title = self._title(POLICY, written.samples)
            lines = side_by_side([title], [self._title(written.other, written.other_samples)], column)
            for sample, other in pairs:
                lines += side_by_side(self._block(sample, column), self._block(other, column), column)
        self.query_one("#texts", Static).update(Text("\n").join(lines))

    def _title(self, title: str, samples: tuple[Sample, ...]) -> Text:
        """Return the heading of a column, with the mean reward if its texts have rewards."""
        if self._written is None or not self._written.scored_by:
            return Text(title, "dim")
        mean = sum(sample.reward for sample in samples) / len(samples)
        return Text.assemble((number_format.reward(mean), "bold"), (f"  {title}: mean reward", "dim"))

    def _block(self, sample: Sample, width: int, title: str = "") -> list[Text]:
        """Return the lines of one text in `width` cells."""
        head = Text(title, "dim")
        if self._written is not None and self._written.scored_by:
            head = Text.assemble(head, (number_format.reward(sample.reward), "bold"), "  ")
        text = coloured(sample.text, sample.target, component_styles(self), sample.tokens)
        if not sample.text:
            text = Text("empty: it stopped at once", "dim")
        if not sample.finished:
            text.append(LENGTH_LIMIT, "dim")
        margin = Text(" " * head.cell_len)
        pieces = cut_into(text, max(1, width - head.cell_len), text.cell_len)
        return [Text.assemble(margin if number else head, piece) for number, piece in enumerate(pieces)]
