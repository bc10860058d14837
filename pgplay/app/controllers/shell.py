"""Actions of every screen: jump, help, themes, ASCII, quit; and the state kept for the next start."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from textual.screen import Screen
from textual.widget import Widget

from pgplay.app import themes
from pgplay.app.actions import ACTIONS, EVERYWHERE, LOOKS, KeyChoice, do
from pgplay.app.help.helpable import explanation_of, page_keys
from pgplay.app.host import ShellHost
from pgplay.app.state import saved_state
from pgplay.app.state.saved_state import SavedUiState
from pgplay.app.widgets.setup.form import changed_names

DRAFT_SECONDS = 0.5
"""Seconds between a key and saving the setup's draft."""

INTERRUPT_SECONDS = 2.0
"""Seconds after a ctrl+c within which a second one quits."""


class ShellController:
    """Actions that belong to no run and to no single screen."""

    def __init__(self, host: ShellHost, trained_sweeps: Callable[[], Sequence[str]]) -> None:
        self._host, self._trained_sweeps = host, trained_sweeps
        self._interrupted = -INTERRUPT_SECONDS
        self._keeps_draft = False
        """Whether a draft is about to be saved."""

    def toggle_setup(self) -> None:
        """Show or hide the setup."""
        self._host.main.toggle_setup()

    def toggle_theme(self) -> None:
        """Change to the next of pgplay's own themes."""
        names = [theme.name for theme in themes.THEMES]
        now = self._host.theme
        self._host.theme = names[(names.index(now) + 1) % len(names)] if now in names else names[0]

    def toggle_ascii(self) -> None:
        """Toggle drawing in ASCII."""
        self._host.state.ascii = not self._host.state.ascii
        self._host.refresh_css(animate=False)
        for screen in self._host.screen_stack:
            for widget in screen.walk_children(Widget, with_self=True):
                widget.refresh()
        self._host.change_looks()

    def toggle_speed(self) -> None:
        """Toggle the speed and the shares of time."""
        self._host.state.shows_speed = not self._host.state.shows_speed
        self._host.redraw("texts")

    async def view(self) -> None:
        """Show the keys that change the look of the top page; the next key chooses."""
        from pgplay.app.screens.dialogs.view import ViewPanel

        screen = self._host.screen
        action = await self._host.push_screen_wait(ViewPanel(self._looks(screen)))
        if action is not None:
            await self._host.run_action(action, screen)

    def _looks(self, screen: Screen[Any]) -> list[KeyChoice]:
        """Return the view panel's choices for `screen`: the page's own, then those of every page."""
        active = [each.binding for each in screen.active_bindings.values() if each.enabled]
        page_choices = [
            KeyChoice(self._host.get_key_display(binding), binding.description, binding.tooltip, binding.action)
            for binding in active
            if binding.id and binding.id.startswith(LOOKS)
        ]
        is_main = len(self._host.screen_stack) == 1
        return page_choices + [
            KeyChoice(action.view_key, action.title, action.help, do(action.name))
            for action in ACTIONS
            if action.view_key and (is_main or action.name in EVERYWHERE)
        ]

    async def quit(self) -> None:
        """Quit; while a run is training, ask first."""
        from pgplay.app.screens.dialogs.questions import ConfirmDialog

        state = self._host.state
        question = f"The run is training (step {state.step:,}). It will be checkpointed; u resumes it next time."
        sweeps = self._trained_sweeps()
        if sweeps:
            what = "The sweep" if len(sweeps) == 1 else "The sweeps"
            question = f"{what} {', '.join(sweeps)} will stop, with a checkpoint of every run; u resumes it next time."
        if not (state.is_going or sweeps) or await self._host.push_screen_wait(ConfirmDialog("Quit", question, "Quit")):
            await self._host.run_action("quit")

    async def interrupt(self) -> None:
        """Quit at the second of two quick presses; a press that copies a selection does not count."""
        now = monotonic()
        if now - self._interrupted < INTERRUPT_SECONDS:
            await self._host.run_action("quit")
        else:
            self._interrupted = now
            self._host.notify_user("Press ctrl+c again to quit.")

    def unfocus(self) -> None:
        """Leave the focused field; in a small terminal, close the setup over the plots.

        If there is nothing to leave, close the card after a solved run.
        """
        if len(self._host.screen_stack) == 1 and not self._host.main.leave_field():
            self._host.state.asks_what_now = False
            self._host.redraw("texts")

    async def jump(self) -> None:
        """Show a letter on every panel; the next key focuses that panel."""
        from pgplay.app.screens.dialogs.jump import JumpScreen

        screen = self._host.screen
        visible_panels = [panel for panel in screen.query(".panel, #setup") if panel.display and panel.region]
        panels = [panel for panel in visible_panels if _focusable(panel) is not None] or list(screen.focus_chain)

        panel = await self._host.push_screen_wait(JumpScreen(panels))
        target = _focusable(panel) if panel is not None else None
        if target is not None:
            target.focus()

    def help(self) -> None:
        """Explain the focused widget, or the one under the mouse; then list keys and panels."""
        from pgplay.app.screens.dialogs.help import HelpScreen

        screen = self._host.screen
        about = explanation_of([screen.focused, self._host.mouse_over])
        keys = [(key.keys, key.words) for key in page_keys(screen)]
        self._host.push_screen(HelpScreen(about, keys, ascii=self._host.state.ascii))

    def remember(self) -> None:
        """Save the app's state for the next start."""
        if self._host.screen_stack:
            saved_state.save_ui_state(self._present())

    def keep_draft(self) -> None:
        """Save what is typed within half a second, so that little is lost however the app ends."""
        if not self._keeps_draft:
            self._keeps_draft = True
            self._host.set_timer(DRAFT_SECONDS, self._save_draft)

    def _save_draft(self) -> None:
        """Write the state in a separate thread: no key waits for the disk."""
        self._keeps_draft = False
        if self._host.screen_stack:
            threading.Thread(target=saved_state.save_ui_state, args=(self._present(),), daemon=True).start()

    def _present(self) -> SavedUiState:
        state, setup = self._host.state, self._host.main.setup
        return SavedUiState(
            theme=self._host.theme,
            ascii=state.ascii,
            speed=state.shows_speed,
            uses=state.palette_uses,
            shown=state.view.shown,
            smoothing=state.view.smoothing,
            logarithmic=tuple(sorted(state.view.logarithmic)),
            settings=state.settings,
            typed={name: setup.typed[name] for name in sorted(changed_names(setup.typed))},
            preset=setup.preset,
        )


def _focusable(panel: Widget) -> Widget | None:
    """Return the panel, or the first widget in it, that can be focused."""
    return next((widget for widget in panel.walk_children(Widget, with_self=True) if widget.focusable), None)
