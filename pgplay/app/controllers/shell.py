"""What makes the app comfortable wherever one is: jumping to a panel, F1 on anything, signs, what comes back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import SystemCommand
from textual.binding import ActiveBinding, Binding
from textual.screen import Screen
from textual.widget import Widget

from pgplay.app.help.helpable import explanation_of
from pgplay.app.state import saved_state
from pgplay.app.state.saved_state import SavedUiState

if TYPE_CHECKING:
    from pgplay.app.app import PgplayApp

_TEXTUALS = {binding.action for binding in Screen.BINDINGS if isinstance(binding, Binding)}
"""What Textual has on every screen: it explains nothing."""


class ShellController:
    """Does for the app what no screen and no run has to know of."""

    def __init__(self, app: PgplayApp) -> None:
        self._app = app

    def jump(self) -> None:
        """Show a letter on every panel; the next key puts the focus there."""
        from pgplay.app.screens.dialogs.jump import JumpScreen

        screen = self._app.screen
        seen = [panel for panel in screen.query(".panel, #setup") if panel.display and panel.region]
        panels = [panel for panel in seen if _focusable(panel) is not None] or list(screen.focus_chain)

        def chosen(panel: Widget | None) -> None:
            target = _focusable(panel) if panel is not None else None
            if target is not None:
                target.focus()

        self._app.push_screen(JumpScreen(panels), chosen)

    def help(self) -> None:
        """Explain what has the focus, else what is under the mouse; then the keys and the panels."""
        from pgplay.app.screens.dialogs.help import HelpScreen

        screen = self._app.screen
        if isinstance(screen, HelpScreen):
            return
        about = explanation_of([screen.focused, self._app.mouse_over])
        self._app.push_screen(HelpScreen(about, self._keys_of(screen)))

    def _keys_of(self, screen: Screen[Any]) -> list[tuple[str, str]]:
        """Return the keys that `screen` has of its own, those of one action together, with what they do."""
        keys: dict[str, list[str]] = {}
        for active in screen.active_bindings.values():
            binding = active.binding
            words = binding.tooltip or binding.description
            if active.enabled and words and active.node is not self._app and binding.action not in _TEXTUALS:
                keys.setdefault(words, []).append(self._app.get_key_display(binding))
        return [(", ".join(names), words) for words, names in keys.items()]

    def commands(self, screen: Screen[Any]) -> Iterator[SystemCommand]:
        """Return what a page's own keys do, as entries of the palette."""
        actions: dict[str, list[ActiveBinding]] = {}
        for active in screen.active_bindings.values():
            if active.node is screen and active.enabled and active.binding.description:
                actions.setdefault(active.binding.action, []).append(active)
        for action, (first, *others) in actions.items():
            if action not in _TEXTUALS:
                keys = ", ".join(self._app.get_key_display(one.binding) for one in (first, *others))
                title, words = first.binding.description.capitalize(), first.binding.tooltip or "On this page."
                yield SystemCommand(title, f"{words}  ({keys})", partial(self._app.run_action, action, screen))

    def remember(self) -> None:
        """Keep for the next start what the app is like now."""
        app = self._app
        saved_state.keep(
            SavedUiState(
                theme=app.theme,
                ascii=app.in_ascii,
                shown=app.view.shown,
                smoothing=app.view.smoothing,
                logarithmic=tuple(sorted(app.view.logarithmic)),
                settings=app.settings,
                preset=app.main.setup.preset if app.screen_stack else "",
            )
        )


def _focusable(panel: Widget) -> Widget | None:
    """Return the panel itself, or the first thing in it that can have the focus."""
    return next((one for one in panel.walk_children(Widget, with_self=True) if one.focusable), None)
