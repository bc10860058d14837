"""Visits to stored runs: back in time, side by side, and what a person decides there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgplay.errors import PgplayError

if TYPE_CHECKING:
    from pgplay.app.app import PgplayApp
    from pgplay.app.conductor import Conductor


class Visits:
    """Opens the screens that read the runs' stores, for the app."""

    def __init__(self, app: PgplayApp, conductor: Conductor) -> None:
        self._app = app
        self._conductor = conductor

    @property
    def _present(self) -> str:
        """The name of the present run, empty where there is none."""
        info = self._app.state.info
        return info.run if info is not None else ""

    def travel(self, run: str = "") -> None:
        """Look at `run`, by default the present one, as it was at any step."""
        from pgplay.app.screens.travel import TravelScreen

        run = run or self._present
        if not run:
            self._app.tell("There is no run to go back in yet. Press space to start one, or u for the stored ones.")
            return
        try:
            self._app.push_screen(TravelScreen(run, self._conductor.branch))
        except PgplayError as error:
            self._app.tell(str(error), severe=True)
