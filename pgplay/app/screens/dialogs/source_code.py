"""The functions that run at one stage of a step, read from their files."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from pgplay.app.drawing.terminal_text import as_title, plain, terminal_text
from pgplay.app.help.source_code import Source, introduction, sources
from pgplay.app.messages import LooksChanged
from pgplay.app.screens.dialogs.base import CLOSES, Dialog
from pgplay.app.widgets.code_area import CODE_COMPONENTS, coloured_code
from pgplay.errors import PgplayError
from pgplay.learning.reports.step_detail import AlgorithmSettings


class CodeScreen(Dialog[None]):
    """A scrollable page; Escape closes it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = CODE_COMPONENTS
    BINDINGS: ClassVar[list[BindingType]] = [("escape,c,q", "dismiss", "Close")]
    AUTO_FOCUS = "#code"

    def __init__(self, phase: str, rules: AlgorithmSettings) -> None:
        super().__init__()
        self._phase = phase
        self._rules = rules
        self._sources: list[Source] = []

    def compose(self) -> ComposeResult:
        """Compose the sources."""
        with VerticalScroll(id="code", classes="dialog page") as dialog:
            dialog.border_title = as_title(f"The code of {self._phase}")
            dialog.border_subtitle = CLOSES
            try:
                self._sources = sources(self._phase, self._rules)
            except (PgplayError, OSError, LookupError) as error:
                yield Static(terminal_text(f"The code cannot be read: {error}", lines=True))
            if text := introduction(self._phase, self._rules):
                yield Static(text, classes="words", markup=False)
            for source in self._sources:
                yield Static(Text(plain(f"{source.name}   {source.file}:{source.line}"), "bold"), classes="code-name")
                yield Static(coloured_code(source.text, self), classes="code-text")

    @on(LooksChanged)
    def _colour(self) -> None:
        for source, code in zip(self._sources, self.query(".code-text").results(Static), strict=True):
            code.update(coloured_code(source.text, self))
