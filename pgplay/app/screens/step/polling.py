"""Screens that follow the run by asking the worker, again and again, what the present policy would do."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.screen import Screen

from pgplay.app.state.app_state import AppState


class Polling(Screen[None]):
    """Shows what is known, and asks whenever the run has come further than what was told."""

    ASK_SECONDS: ClassVar[float]

    def __init__(self, state: AppState, ask: Callable[[], None]) -> None:
        super().__init__()
        self._state = state
        self._ask = ask

    def on_mount(self) -> None:
        """Show what is known, and ask again and again while the run goes on."""
        self._ask()
        self.show_told()
        self.set_interval(self.ASK_SECONDS, self._follow)

    def _follow(self) -> None:
        if self.told_step != self._state.step:
            self._ask()
        self.show_told()

    @property
    def told_step(self) -> int | None:
        """The step of what the worker told last, None before the first time."""
        raise NotImplementedError

    def show_told(self) -> None:
        """Show what the worker told last."""
        raise NotImplementedError
