"""Stored runs: the list, time travel, comparison; and the recipe."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pgplay.app.host import AppHost, FillIn
from pgplay.rewards.spec import Origin

StartBeside = Callable[[dict[str, Any], str], Awaitable[bool]]
"""Starts a run of these settings, with the reward if the person chose it just now; returns whether it could."""


class StoredRunsController:
    """Opens the screens about stored runs."""

    def __init__(self, host: AppHost, start_beside: StartBeside, fill_in: FillIn[None]) -> None:
        self._host, self._start_beside, self._fill_in = host, start_beside, fill_in

    @property
    def _present(self) -> str:
        """The name of the present run, empty without one."""
        info = self._host.state.info
        return info.run if info is not None else ""

    async def runs(self) -> None:
        """List the stored runs."""
        from pgplay.app.screens.library.runs import Runs

        library = self._host.run_library
        if not library.host or await self._host.read(library.refresh, f"Reading the runs on {library.host}…"):
            self._host.push_screen(Runs(library, self._host.sweep_library))

    async def travel(self, run: str = "") -> None:
        """Show `run`, by default the present one, as it was at any step."""
        from pgplay.app.screens.library.time_travel import TravelScreen
        from pgplay.app.stored_runs.stored_run import StoredRun

        run = run or self._present
        if not run:
            await self.runs()
            return
        library = self._host.run_library
        stored = await self._host.read(lambda: StoredRun(library.open(run)), f"Reading the run {run}…")
        if stored is not None:
            self._host.push_screen(TravelScreen(stored))

    async def side_by_side(self, *runs: str) -> None:
        """Show `runs` in one plot; by default the present or newest run with its branches and similar runs."""
        from pgplay.app.screens.library.compare_runs import SideBySide
        from pgplay.app.stored_runs.overlay import Overlay, relatives

        present, library = self._present, self._host.run_library

        def read() -> Overlay:
            names = list(runs)
            if len(names) < 2:
                library.refresh()
                summaries = library.summaries()
                readable = [run.name for run in summaries if not run.problem]
                names = relatives(next(iter([*names, *filter(None, [present]), *readable]), ""), summaries)
            return Overlay(library, names)

        overlay = await self._host.read(read, "Reading the runs…")
        if overlay is not None:
            self._host.push_screen(SideBySide(self._host.state, overlay, self._start_beside))

    async def export(self) -> None:
        """Export the present run; without one, list the stored runs, whose page exports each."""
        from pgplay.app.screens.dialogs.export import export_stored_run

        if self._present:
            await export_stored_run(self._host.screen_stack[-1].app, self._host.run_library, self._present)
        else:
            await self.runs()

    async def recipe(self) -> None:
        """Show the recipe of the setup; a pasted recipe is loaded into the setup."""
        from pgplay.app.screens.dialogs.recipe import RecipeScreen

        config = await self._host.push_screen_wait(RecipeScreen(self._host.state))
        if config is not None:
            setup = self._host.main.setup
            recipe = Origin("recipe")
            await self._fill_in(recipe.text, lambda: setup.load(config, origin=recipe))
