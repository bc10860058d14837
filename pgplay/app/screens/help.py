"""The keys and what the panels mean, made from the registry of actions and the metrics' own definitions."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from pgplay.app.actions import ACTIONS, BENCH_ACTIONS, EDITOR_ACTIONS
from pgplay.app.screens.page import titled_table
from pgplay.app.view import words_of
from pgplay.learning.algorithms import COMPARATORS
from pgplay.learning.metrics import METRICS

INTRODUCTION = (
    "pgplay teaches a small language model to write a text, from nothing but a reward. In each step the policy writes "
    "a batch of completions, the reward says how good each one is, and the policy gradient makes the better ones "
    "likelier."
)

KEYS = (
    ("Keys", ACTIONS),
    ("In the reward's editor", EDITOR_ACTIONS),
    ("On the reward bench", BENCH_ACTIONS),
)

PANELS = (
    (
        "Setup",
        "What is learnt and how. Enter opens a list, escape leaves a text field. Some settings can be changed "
        "while training; the others count from the next start on.",
    ),
    (
        "Reward",
        "The mean reward of each step, with the band from the lowest to the highest, and squares for the reward "
        "of the greedy completion: what the policy writes when it always takes the likeliest character.",
    ),
    (
        "Samples",
        "The greedy completion, the best one so far, and some from across the rewards of the newest step. "
        "Right characters are plain, wrong ones underlined, extra ones struck through; · stands for a missing "
        "one. The run is solved when the greedy completion is exactly the target.",
    ),
    (
        "Last line",
        "How far the reward has come and a forecast of the time left, characters written a second, and the "
        "shares of a step's time that sampling, scoring and learning take.",
    ),
)


class HelpScreen(ModalScreen[None]):
    """One page to scroll; escape leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,f1,q", "dismiss", "Close")]
    AUTO_FOCUS = "#help"

    def __init__(self) -> None:
        super().__init__(classes="dialog-screen")

    def compose(self) -> ComposeResult:
        """Lay out the parts."""
        with VerticalScroll(id="help", classes="dialog page") as dialog:
            dialog.border_title = "Help"
            dialog.border_subtitle = " escape closes "
            yield Static(INTRODUCTION, classes="words", markup=False)
            for title, actions in KEYS:
                keys = [(action.key_display, action.help) for action in actions]
                yield Static(titled_table(title, keys), classes="words")
            yield Static(titled_table("Panels", list(PANELS)), classes="words")
            comparators = [(name, row.description) for name, row in COMPARATORS.items()]
            yield Static(titled_table("Comparators", comparators), classes="words")
            curves = [words_of(metric) for metric in METRICS]
            yield Static(titled_table("Curves", curves, name_width=26), classes="words")
