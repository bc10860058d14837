"""What F1 says of a thing on the screen: any widget can explain itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol, runtime_checkable

from textual.dom import DOMNode
from textual.widget import Widget

from pgplay.app.safe_text import plain


class Explanation(NamedTuple):
    """What something is called, and what it tells or does, in plain words."""

    title: str
    words: str


PANELS = {
    "setup": Explanation(
        "Setup",
        "What is learnt and how. Enter opens a list, escape leaves a text field. Some settings can be changed "
        "while training; the others count from the next start on.",
    ),
    "headline": Explanation(
        "First line",
        "What is learnt by which reward, model and algorithm on which device; and how the run stands: its state, the "
        "steps and completions so far, and the seconds of training.",
    ),
    "plot-main": Explanation(
        "Reward",
        "The mean reward of each step, with the band from the lowest to the highest, and squares for the reward "
        "of the greedy completion: what the policy writes when it always takes the likeliest character.",
    ),
    "samples": Explanation(
        "Samples",
        "The greedy completion, the best one so far, and some from across the rewards of the newest step. "
        "Right characters are plain, wrong ones underlined, extra ones struck through; · stands for a missing "
        "one. The run is solved when the greedy completion is exactly the target.",
    ),
    "records": Explanation(
        "Best so far", "Each completion that beat the best one before it, the newest on top, with its step and reward."
    ),
    "finding": Explanation(
        "Finding", "What stands out in the learning, what it means, and what to try. It is empty while all is well."
    ),
    "status": Explanation(
        "Last line",
        "How far the reward has come and a forecast of the time left, characters written a second, and the "
        "shares of a step's time that sampling, scoring and learning take.",
    ),
}
"""What the panels of the main screen say, by their ids."""


@runtime_checkable
class Helpable(Protocol):
    """A widget that says what it is."""

    def explain(self) -> Explanation:
        """Return what F1 shows of this widget."""
        ...


def explanation_of(nodes: Iterable[DOMNode | None]) -> Explanation | None:
    """Return what the first of `nodes` that can say anything says, each asked with all that it lies in."""
    for node in nodes:
        for one in node.ancestors_with_self if node is not None else ():
            if isinstance(one, Helpable):
                return one.explain()
            if one.id in PANELS:
                return PANELS[one.id]
            if isinstance(one, Widget) and one.tooltip:
                return Explanation(plain(str(one.border_title or "Here")), str(one.tooltip))
    return None
