"""What F1 says of a thing on the screen: any widget can explain itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from pgplay.app.help.explanations import PANELS, Explanation

TEXTUALS_OWN = {binding.action for binding in Screen.BINDINGS if isinstance(binding, Binding)}
"""The actions that Textual has on every screen: nothing to explain or to choose."""


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
    return None
