"""Visits to stored runs and recipes: back in time, side by side, and what a person decides there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgplay.errors import PgplayError

if TYPE_CHECKING:
    from pgplay.app.app import PgplayApp
    from pgplay.app.conductor import Conductor
    from pgplay.config import RunConfig


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
            self._app.push_screen(TravelScreen(run, self._branch))
        except PgplayError as error:
            self._app.tell(str(error), severe=True)

    def _branch(self, run: str, step: int) -> None:
        """Make a branch of `run`, and go to where something can be changed before it goes on."""
        while len(self._app.screen_stack) > 1:
            self._app.pop_screen()
        self._conductor.branch(run, step)

    def side_by_side(self, *runs: str) -> None:
        """Show `runs` in one plot; by default the present run, or the newest, with its branches and its like."""
        from pgplay.app.overlay import relatives
        from pgplay.app.screens.side_by_side import SideBySide
        from pgplay.runs.summaries import list_runs

        try:
            known = list_runs()
            chosen = list(runs)
            if len(chosen) < 2:
                readable = [run.name for run in known if not run.problem]
                chosen = relatives(next(iter([*chosen, *filter(None, [self._present]), *readable]), ""), known)
            if not chosen:
                self._app.tell("There is no run to show yet. Press space to start one.")
                return
            self._app.push_screen(SideBySide(chosen, self._conductor.start_beside, self.travel))
        except PgplayError as error:
            self._app.tell(str(error), severe=True)

    def recipe(self) -> None:
        """Show the recipe of the setup; one that is pasted there fills the setup in."""
        from pgplay.app.screens.recipe import RecipeScreen

        def answered(config: RunConfig | None) -> None:
            if config is not None:
                self._app.main.setup.load(config, origin="the recipe")

        self._app.push_screen(RecipeScreen(lambda: self._app.settings, self._app.state.history), answered)
