"""Commands for the worker, numbered, and kept until the worker is ready."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import msgspec

from pgplay.app.state.app_state import AppState
from pgplay.worker.protocol.commands import Command


class CommandQueue:
    """Passes commands to `deliver` once the worker is ready, and keeps earlier ones; `revive` starts a worker."""

    def __init__(self, state: AppState, deliver: Callable[[Command], None], revive: Callable[[], object]) -> None:
        self._state, self._deliver, self._revive = state, deliver, revive
        self._early: list[Command] = []
        self._numbers = count(1)

    def send(self, command: Command) -> int:
        """Send a command now, or as soon as the worker is ready; a worker that is gone is started again.

        Returns the command's number, which its answer carries.
        """
        numbered = msgspec.structs.replace(command, request=next(self._numbers))
        if self._state.worker == "ready":
            self._deliver(numbered)
            return numbered.request
        self._early.append(numbered)
        if self._state.worker == "dead":
            self._state.worker = "starting"
            self._revive()
        return numbered.request

    def flush(self) -> None:
        """Send the commands that came before the worker was ready."""
        early, self._early = self._early, []
        for command in early:
            self._deliver(command)

    def forget(self, request: int) -> None:
        """Withdraw the command of that number if it was not sent yet."""
        self._early = [command for command in self._early if command.request != request]

    def clear(self) -> None:
        """Withdraw all commands that were not sent yet."""
        self._early.clear()
