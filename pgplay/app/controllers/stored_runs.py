"""Visits to stored runs and recipes: back in time, side by side, and what a person decides there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgplay.app.stored_runs.background_reading import read_beside

if TYPE_CHECKING:
    from pgplay.app.app import PgplayApp
    from pgplay.app.controllers.run import RunController
    from pgplay.config.run_config import RunConfig


class StoredRunsController:
    """Opens the screens that read the runs' stores, for the app."""

    def __init__(self, app: PgplayApp, conductor: RunController) -> None:
        self._app = app
        self._conductor = conductor

    @property
    def _present(self) -> str:
        """The name of the present run, empty where there is none."""
        info = self._app.state.info
        return info.run if info is not None else ""

    def travel(self, run: str = "") -> None:
        """Look at `run`, by default the present one, as it was at any step."""
        from pgplay.app.screens.library.time_travel import TravelScreen
        from pgplay.app.stored_runs.stored_run import StoredRun

        run = run or self._present
        if not run:
            self._app.tell("There is no run to go back in yet. Press space to start one, or u for the stored ones.")
            return

        def show(past: StoredRun) -> None:
            self._app.push_screen(TravelScreen(past, self._branch))

        read_beside(self._app, lambda: StoredRun(run), show, f"Reading the run {run}…")

    def _branch(self, run: str, step: int) -> None:
        """Make a branch of `run`, and go to where something can be changed before it goes on."""
        while len(self._app.screen_stack) > 1:
            self._app.pop_screen()
        self._conductor.branch(run, step)

    def side_by_side(self, *runs: str) -> None:
        """Show `runs` in one plot; by default the present run, or the newest, with its branches and its like."""
        from pgplay.app.screens.library.compare_runs import SideBySide
        from pgplay.app.stored_runs.overlay import MOST, Overlay, relatives
        from pgplay.runs.summaries import list_runs

        present = self._present

        def read() -> tuple[Overlay, int]:
            chosen = list(runs)
            if len(chosen) < 2:
                known = list_runs()
                readable = [run.name for run in known if not run.problem]
                chosen = relatives(next(iter([*chosen, *filter(None, [present]), *readable]), ""), known)
            return Overlay(chosen[:MOST]), len(chosen[MOST:])

        def show(found: tuple[Overlay, int]) -> None:
            overlay, left_out = found
            if overlay.runs:
                self._app.push_screen(SideBySide(overlay, self._conductor.start_beside, self.travel, left_out))
            else:
                self._app.tell("There is no run to show yet. Press space to start one.")

        read_beside(self._app, read, show, "Reading the runs…")

    def recipe(self) -> None:
        """Show the recipe of the setup; one that is pasted there fills the setup in."""
        from pgplay.app.screens.dialogs.recipe import RecipeScreen

        def answered(config: RunConfig | None) -> None:
            if config is not None:
                self._app.main.setup.load(config, origin="the recipe")

        self._app.push_screen(RecipeScreen(lambda: self._app.settings, self._app.state.history), answered)
