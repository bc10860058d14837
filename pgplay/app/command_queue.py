"""Commands on their way to the worker: numbered where an answer is awaited, kept until the worker is ready."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import msgspec

from pgplay.app.state.app_state import AppState
from pgplay.worker.protocol.commands import Command


class CommandQueue:
    """Passes commands to `deliver` while the worker is ready, and keeps those that come before; `revive` starts one."""

    def __init__(self, state: AppState, deliver: Callable[[Command], None], revive: Callable[[], object]) -> None:
        self._state, self._deliver, self._revive = state, deliver, revive
        self._early: list[Command] = []
        self._numbers = count(1)

    def send(self, command: Command) -> None:
        """Send a command now, or as soon as the worker is ready; a worker that is gone is started anew."""
        if self._state.worker == "ready":
            self._deliver(command)
            return
        self._early.append(command)
        if self._state.worker == "dead":
            self._state.worker = "starting"
            self._revive()

    def ask(self, command: Command) -> int:
        """Send a command under a number of its own, which its answer carries; returns the number."""
        request = next(self._numbers)
        self.send(msgspec.structs.replace(command, request=request))
        return request

    def flush(self) -> None:
        """Send the commands that came before the worker was ready."""
        early, self._early = self._early, []
        for command in early:
            self.send(command)

    def clear(self) -> None:
        """Forget the commands that have not been sent."""
        self._early.clear()
