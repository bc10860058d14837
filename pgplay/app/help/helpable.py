"""Explanations for F1: any widget can explain itself."""

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
    """A widget that explains itself."""

    def explain(self) -> Explanation:
        """Return what F1 shows of this widget."""
        ...


def explanation_of(nodes: Iterable[DOMNode | None]) -> Explanation | None:
    """Return the explanation of the first of `nodes` that has one, itself or by an ancestor."""
    for node in nodes:
        for widget in node.ancestors_with_self if node is not None else ():
            if isinstance(widget, Helpable):
                return widget.explain()
            if widget.id in PANELS:
                return PANELS[widget.id]
    return None
