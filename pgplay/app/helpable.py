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
    "health": Explanation(
        "Signal health",
        "How the learning signal stands, by the means of the last steps: ● fine, ▲ worth watching, ✗ out of range. ? "
        "tells what to try and the key that does it; ! makes the change that a finding suggests.",
    ),
    "completions": Explanation(
        "Completions",
        "What was written in one step, equal ones counted. adv. is the mean of a completion's advantages; Δlog p is "
        "how much likelier (above 0) the step's update made it, in nats.",
    ),
    "phase-maths": Explanation(
        "Maths", "The formulas of this stop with the numbers of the chosen completion. c shows the code that is run."
    ),
    "tokens": Explanation(
        "Token by token",
        "p: how likely the token was where it was drawn, and how undecided the policy was there (entropy, nats). A_t: "
        "its advantage. p after and Δlog p: what the update made of it; ≡ where its importance ratio was clipped. Then "
        "the likeliest tokens before the update, the one that was drawn in bold; ■ is the stop token.",
    ),
    "writing": Explanation(
        "What it would write",
        "The greedy completion under its positions, the target under it, and how likely each token is there: the "
        "fuller the cell, the likelier. Left and right move along a long text.",
    ),
    "learnt": Explanation(
        "Which letter is learnt when",
        "A row for each letter of the target, and how likely the policy is to write it after the right ones before it, "
        "step by step. With several targets, the mean over those that were measured at each position.",
    ),
    "rewards": Explanation(
        "Rewards", "Which share of each step's completions earned how much: the fuller the cell, the more of them."
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
