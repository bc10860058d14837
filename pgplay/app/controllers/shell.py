"""What works on every screen: jumping to a panel, help, the palette, themes, ASCII; and what the next start keeps."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from textual.app import SystemCommand
from textual.binding import ActiveBinding, Binding
from textual.screen import Screen
from textual.widget import Widget

from pgplay.app import themes
from pgplay.app.actions import ACTIONS, CONTROLLER_OF
from pgplay.app.help.helpable import explanation_of
from pgplay.app.host import ShellHost
from pgplay.app.state import saved_state
from pgplay.app.state.saved_state import SavedUiState

_TEXTUALS = {binding.action for binding in Screen.BINDINGS if isinstance(binding, Binding)}
"""What Textual has on every screen: it explains nothing."""


class ShellController:
    """Does what concerns neither a run nor one screen alone."""

    def __init__(self, host: ShellHost) -> None:
        self._host = host

    def toggle_setup(self) -> None:
        """Show or hide the setup."""
        self._host.main.toggle_setup()

    def toggle_theme(self) -> None:
        """Change to the next of pgplay's own themes."""
        names = [theme.name for theme in themes.THEMES]
        now = self._host.theme
        self._host.theme = names[(names.index(now) + 1) % len(names)] if now in names else names[0]

    def toggle_ascii(self) -> None:
        """Draw in ASCII, or no longer."""
        self._host.state.ascii = not self._host.state.ascii
        self._host.refresh_css(animate=False)
        for screen in self._host.screen_stack:
            for widget in screen.walk_children(Widget, with_self=True):
                widget.refresh()
        self._host.change_looks()

    def unfocus(self) -> None:
        """Leave the field that has the focus; in a small terminal, close the setup that lies over the plots."""
        if len(self._host.screen_stack) == 1:
            self._host.main.leave_field()

    async def jump(self) -> None:
        """Show a letter on every panel; the next key puts the focus there."""
        from pgplay.app.screens.dialogs.jump import JumpScreen

        screen = self._host.screen
        seen = [panel for panel in screen.query(".panel, #setup") if panel.display and panel.region]
        panels = [panel for panel in seen if _focusable(panel) is not None] or list(screen.focus_chain)

        panel = await self._host.push_screen_wait(JumpScreen(panels))
        target = _focusable(panel) if panel is not None else None
        if target is not None:
            target.focus()

    def help(self) -> None:
        """Explain what has the focus, else what is under the mouse; then the keys and the panels."""
        from pgplay.app.screens.dialogs.help import HelpScreen

        screen = self._host.screen
        about = explanation_of([screen.focused, self._host.mouse_over])
        self._host.push_screen(HelpScreen(about, self._keys_of(screen), ascii=self._host.state.ascii))

    def _keys_of(self, screen: Screen[Any]) -> list[tuple[str, str]]:
        """Return the keys that `screen` has of its own, those of one action together, with what they do."""
        keys: dict[str, list[str]] = {}
        for active in screen.active_bindings.values():
            binding = active.binding
            words = binding.tooltip or binding.description
            if active.enabled and words and active.node is not active.node.app and binding.action not in _TEXTUALS:
                keys.setdefault(words, []).append(self._host.get_key_display(binding))
        return [(", ".join(names), words) for words, names in keys.items()]

    def commands(self, screen: Screen[Any]) -> Iterator[SystemCommand]:
        """Return what the palette offers: the keys of `screen`, every action, and the looks."""
        yield from self._keys_as_commands(screen)
        for action in ACTIONS:
            if action.name != "unfocus":
                act = self._host.action_do if action.name in CONTROLLER_OF else self._host.run_action
                yield SystemCommand(
                    action.title.capitalize(), f"{action.help}  ({action.key_display})", partial(act, action.name)
                )
        yield SystemCommand("Theme", "Choose another theme.", self._host.action_change_theme)
        words = "Draw plots and borders in ASCII, for fonts without braille; or no longer."
        yield SystemCommand("ASCII", words, self.toggle_ascii)

    def _keys_as_commands(self, screen: Screen[Any]) -> Iterator[SystemCommand]:
        actions: dict[str, list[ActiveBinding]] = {}
        for active in screen.active_bindings.values():
            if active.node is screen and active.enabled and active.binding.description:
                actions.setdefault(active.binding.action, []).append(active)
        for action, (first, *others) in actions.items():
            if action not in _TEXTUALS:
                keys = ", ".join(self._host.get_key_display(one.binding) for one in (first, *others))
                title, words = first.binding.description.capitalize(), first.binding.tooltip or "On this page."
                yield SystemCommand(title, f"{words}  ({keys})", partial(self._host.run_action, action, screen))

    def remember(self) -> None:
        """Keep for the next start what the app is like now."""
        state = self._host.state
        saved_state.keep(
            SavedUiState(
                theme=self._host.theme,
                ascii=state.ascii,
                shown=state.view.shown,
                smoothing=state.view.smoothing,
                logarithmic=tuple(sorted(state.view.logarithmic)),
                settings=state.settings,
                preset=self._host.main.setup.preset if self._host.screen_stack else "",
            )
        )


def _focusable(panel: Widget) -> Widget | None:
    """Return the panel itself, or the first thing in it that can have the focus."""
    return next((one for one in panel.walk_children(Widget, with_self=True) if one.focusable), None)
