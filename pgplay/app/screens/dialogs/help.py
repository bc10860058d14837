"""The help page: keys, panels, metrics and the glossary, generated from the registries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from pgplay.app.actions import ACTIONS, BENCH_ACTIONS, EDITOR_ACTIONS
from pgplay.app.drawing.ascii import spelled
from pgplay.app.help.explanations import EXPLANATIONS_BY_PAGE, Explanation
from pgplay.app.screens.dialogs.base import CLOSES, Dialog
from pgplay.app.state.plot_view import words_of
from pgplay.app.widgets.two_column_text import TextSection, TwoColumnText
from pgplay.learning.algorithms.table import COMPARATORS
from pgplay.learning.reports.metrics import METRICS
from pgplay.locale.english.glossary import GLOSSARY, Term

INTRODUCTION = (
    "pgplay teaches a small language model to write a text, with nothing but a reward. In each step the policy writes "
    "a batch of completions, the reward scores each one, and the policy gradient makes the better ones more likely."
)

KEYS = (
    ("Keys", ACTIONS),
    ("In the reward editor", EDITOR_ACTIONS),
    ("On the reward bench", BENCH_ACTIONS),
)


class HelpScreen(Dialog[None]):
    """A scrollable page; Escape closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,question_mark,f1,q", "dismiss", "Close"),
        Binding("g", "glossary", "Glossary"),
    ]
    AUTO_FOCUS = "#help"

    def __init__(
        self, about: Explanation | None = None, keys_here: Sequence[tuple[str, str]] = (), *, ascii: bool = False
    ) -> None:
        """`about` explains the widget in question; with `ascii`, formulas are in ASCII."""
        super().__init__(classes="-page")
        self._about, self._keys_here, self._ascii = about, keys_here, ascii

    def compose(self) -> ComposeResult:
        """Compose the page."""
        with VerticalScroll(id="help", classes="dialog page") as dialog:
            dialog.border_title = "Help"
            dialog.border_subtitle = f" [@click=screen.glossary]g glossary[/]  {CLOSES}"
            if self._about is not None:
                title, explanation = self._about
                yield TwoColumnText(TextSection.of("About this", [(title, self._spelled(explanation))]), id="about")
            if self._keys_here:
                yield TwoColumnText(TextSection.of("Keys here", self._keys_here), id="keys-here")
            yield Static(INTRODUCTION, classes="words", markup=False)
            keys = [
                TextSection.of(title, [(action.keys, action.help) for action in actions]) for title, actions in KEYS
            ]
            descriptions = [(name, comparator.description) for name, comparator in COMPARATORS.items()]
            comparators = TextSection.of("Comparators", descriptions)
            panels = [TextSection.of(title, panels.values()) for title, panels in EXPLANATIONS_BY_PAGE.items()]
            yield TwoColumnText(*keys, *panels, comparators)
            curves = [(metric.title, metric.description) for metric in map(words_of, METRICS)]
            yield TwoColumnText(TextSection.of("Curves", curves), name_width=26)
            sections = [TextSection.of(f"Glossary: {theme}", self._rows(terms)) for theme, terms in GLOSSARY.items()]
            yield TwoColumnText(*sections, name_width=16, id="glossary")

    def _spelled(self, text: str) -> str:
        return spelled(text) if self._ascii else text

    def _rows(self, terms: Iterable[Term]) -> Iterable[tuple[str, str]]:
        for term in terms:
            lines = (term.meaning, self._spelled(term.formula), f"Seen in: {term.where}.")
            yield term.word, "\n".join(filter(None, lines))

    def action_glossary(self) -> None:
        """Scroll to the glossary."""
        self.query_one("#glossary").scroll_visible(top=True, animate=False)
