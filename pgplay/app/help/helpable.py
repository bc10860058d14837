"""Explanations for F1: any widget can explain itself."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple, Protocol, runtime_checkable

from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from pgplay.app.help.explanations import PANELS, Explanation


@cache
def _textuals_own(kind: type[DOMNode]) -> set[tuple[str, str]]:
    """Return action and description of the keys that `kind` has from Textual's classes: arrows, editing, scrolling."""
    classes = [each for each in kind.__mro__ if each.__module__.startswith("textual.")]
    bindings = Binding.make_bindings(binding for each in classes for binding in each.__dict__.get("BINDINGS", ()))
    return {(binding.action, binding.description) for binding in bindings}


class PageKey(NamedTuple):
    """What a page's own keys do: one action's first binding, with `keys` as a person reads all of that action's."""

    binding: Binding
    keys: str
    node: DOMNode
    """The screen, or the widget in focus whose keys these are."""

    @property
    def words(self) -> str:
        """What the action does."""
        return self.binding.tooltip or self.binding.description


def page_keys(screen: Screen[Any]) -> list[PageKey]:
    """Return pgplay's keys that work on `screen` and not on every page, those of one action together."""
    actions: dict[tuple[DOMNode, str], list[Binding]] = {}
    for node, binding, enabled, _ in screen.active_bindings.values():
        is_textuals = (binding.action, binding.description) in _textuals_own(type(node))
        if enabled and node is not screen.app and not is_textuals:
            actions.setdefault((node, binding.action), []).append(binding)
    show = screen.app.get_key_display
    return [
        PageKey(bindings[0], ", ".join(dict.fromkeys(map(show, bindings))), node)
        for (node, _), bindings in actions.items()
        if bindings[0].tooltip or bindings[0].description
    ]


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
