"""Screens that follow the run by polling the worker about the present policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.screen import Screen

from pgplay.app.state.app_state import AppState


class Polling(Screen[None]):
    """Shows the worker's newest answer; asks again after further steps."""

    ASK_SECONDS: ClassVar[float]

    def __init__(self, state: AppState, ask: Callable[[], None]) -> None:
        super().__init__()
        self._state = state
        self._ask = ask

    def on_mount(self) -> None:
        """Show the newest answer, and keep polling."""
        self._ask()
        self.show_answer()
        self.set_interval(self.ASK_SECONDS, self._follow)

    def _follow(self) -> None:
        if self.answered_step != self._state.step:
            self._ask()
        self.show_answer()

    @property
    def answered_step(self) -> int | None:
        """The step of the worker's last answer; None before the first."""
        raise NotImplementedError

    def show_answer(self) -> None:
        """Show the worker's last answer."""
        raise NotImplementedError
