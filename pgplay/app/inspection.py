"""Looking into a step: what the app asks the worker for, and the screens that show the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgplay.worker.protocol import Command, Dissect, Map, Pause

if TYPE_CHECKING:
    from pgplay.app.app import PgplayApp


class Inspection:
    """Opens the screens that look into a step; they ask through here and read the app's state."""

    def __init__(self, app: PgplayApp) -> None:
        self._app = app

    def phases(self) -> None:
        """Pause, make one step, and walk through it in four stops."""
        from pgplay.app.screens.phase import PhaseScreen

        if self._has_policy():
            if self._app.state.is_going:
                self._send(Pause())
            self.dissect()
            self._app.push_screen(PhaseScreen(self._app.state, self.dissect))

    def microscope(self) -> None:
        """Look at the newest step's completions token by token; a run that trains goes on."""
        from pgplay.app.screens.microscope import MicroscopeScreen

        if self._has_policy():
            if self._app.state.is_going:
                self.dissect()
            self._app.push_screen(MicroscopeScreen(self._app.state, self.dissect))

    def policy_map(self) -> None:
        """Look at what the policy would write, position by position, and at which letter was learnt when."""
        from pgplay.app.screens.map import MapScreen

        if self._has_policy():
            self._app.push_screen(MapScreen(self._app.state, self.map))

    def dissect(self) -> None:
        """Have the next step taken apart; one is made where the run rests."""
        self._send(Dissect())

    def map(self) -> None:
        """Have the present policy's map told."""
        self._send(Map())

    def _send(self, command: Command) -> None:
        if self._app.worker_link is not None and self._app.state.worker == "ready":
            self._app.worker_link.send(command)

    def _has_policy(self) -> bool:
        state = self._app.state
        if state.has_policy:
            return True
        if state.has_run:
            self._app.tell("A search trains no network, so there is nothing to look into.")
        else:
            self._app.tell("There is no policy to look into yet. Press space to train one, or s to make one step.")
        return False
