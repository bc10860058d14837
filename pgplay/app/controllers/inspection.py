"""Inspecting a step, the policy's map and the prompts: requests to the worker, and screens for its answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pgplay.app.host import AppHost
from pgplay.app.state.app_state import lack_of_policy, words_of_change
from pgplay.config.run_config import RunConfig, make_config, to_settings
from pgplay.errors import PgplayError
from pgplay.learning.algorithms.table import ALGORITHMS
from pgplay.worker.protocol.commands import InspectStep, ListPrompts, Map, Pause


class InspectionController:
    """Opens the screens about one step. They send requests through this controller and read the state."""

    def __init__(
        self,
        host: AppHost,
        follow: Callable[[dict[str, Any], dict[str, Any]], None],
        go: Callable[[InspectStep], Awaitable[bool]],
        begin: Callable[[dict[str, Any]], Awaitable[bool]],
    ) -> None:
        """`follow` reports the outcome of a suggestion; `go` records a step, of a new run if there is none.

        `begin` starts a run of the given settings, paused.
        """
        self._host, self._report_outcome, self._go, self._begin = host, follow, go, begin

    async def phases(self) -> None:
        """Walk through the next step, which is made now; after the end of a run, through its last update."""
        if self._host.state.can_step or self._host.state.has_search:
            if not await self._has_a_step_made(pausing=True):
                return
        elif not self._has_policy():
            return
        elif self._host.state.step_detail is None:
            await self._recall_step()
        self._show_phases()

    async def newest_step(self) -> None:
        """Walk through the newest recorded step; make one if there is none."""
        if self._host.state.step_detail is not None:
            self._show_phases()
        else:
            await self.phases()

    def _show_phases(self) -> None:
        from pgplay.app.screens.step.phases import PhaseScreen

        self._host.push_screen(PhaseScreen(self._host.state, self.inspect_step))

    async def _recall_step(self) -> None:
        """Load the newest stored full record, for a run that cannot make a step now."""
        from pgplay.app.stored_runs.recorded_steps import RecordedSteps

        info = self._host.state.info
        if info is not None:
            recorded = RecordedSteps(self._host.run_library, info.run)
            self._host.state.step_detail = await self._host.read(recorded.newest_detail, "Reading the recorded steps…")

    async def _has_a_step_made(self, *, pausing: bool = False) -> bool:
        """Record the next step, of a new run if there is no policy; returns whether that is possible."""
        state = self._host.state
        if state.worker == "dead":
            if self._has_policy():
                self.inspect_step()
            return False
        if state.has_search and not await self._trains_instead():
            return False
        if pausing and state.is_going:
            self._host.send(Pause())
        return await self._go(InspectStep())

    async def _trains_instead(self) -> bool:
        """Offer a policy gradient in place of the search and start a run of it; returns whether there will be one.

        A search has no update, no map and no policy to inspect.
        """
        from pgplay.app.screens.dialogs.questions import ChooseDialog

        info = self._host.state.info
        assert info is not None, "a search is running"
        usual = RunConfig().algorithm
        names = [usual, *(name for name in ALGORITHMS if name != usual)]
        title = f"{info.config.algorithm} trains no network. Train one on the same text instead, with:"
        entries = [(name, ALGORITHMS[name].description) for name in names]
        algorithm = await self._host.push_screen_wait(ChooseDialog(title, entries))
        if algorithm is None:
            return False
        return await self._begin({**to_settings(info.config), "algorithm": algorithm})

    async def microscope(self) -> None:
        """Show the newest step's completions token by token, without pausing; makes a step if there is none."""
        from pgplay.app.screens.step.microscope import MicroscopeScreen

        state = self._host.state
        if state.has_policy:
            if state.is_going:
                self.inspect_step()
        elif not await self._has_a_step_made():
            return
        self._host.push_screen(MicroscopeScreen(state, self._host.run_library, self.inspect_step))

    async def policy_map(self) -> None:
        """Show the policy's map: the likely tokens at each position, and when each was learned."""
        from pgplay.app.screens.step.policy_map import MapScreen

        if self._host.state.has_policy or await self._has_a_step_made():
            self._host.push_screen(MapScreen(self._host.state, self.map))

    async def prompts(self) -> None:
        """List the task's prompts with their greedy completions; one can be watched."""
        from pgplay.app.screens.step.prompts import PromptsScreen

        if self._host.state.has_policy or await self._has_a_step_made():
            self._host.push_screen(PromptsScreen(self._host.state, self.list_prompts))

    def health(self) -> None:
        """Show the health of the learning signal."""
        from pgplay.app.screens.dialogs.signals import HealthScreen

        self._host.push_screen(HealthScreen(self._host.state, self.change))

    def details(self) -> None:
        """Show all findings, all metrics of the newest step, and the printed lines."""
        from pgplay.app.screens.dialogs.details import DetailsScreen

        self._host.push_screen(DetailsScreen(self._host.state))

    def take_advice(self) -> None:
        """Apply the first suggestion of the findings."""
        settings = next((finding.settings for finding in self._host.state.findings if finding.settings), None)
        if settings:
            self.change(settings)
        else:
            self._host.notify_user("No suggestion right now. Press d for the diagnosis.")

    def change(self, settings: dict[str, Any]) -> None:
        """Put `settings` into the setup; they reach the run as if they had been typed."""
        self._host.perform(self._follow(settings))

    async def _follow(self, settings: dict[str, Any]) -> None:
        setup = self._host.main.setup
        before, preset = (await setup.check()).config, setup.preset
        if before is None:
            self._host.notify_user("Fix the setup first: it has an error.", severe=True)
            return
        try:
            config = make_config(settings, before)
        except PgplayError as error:  # a suggestion knows the step, not all settings
            self._host.notify_user(f"This suggestion cannot be applied: {error}", severe=True)
            return
        if config == before:
            self._host.notify_user(f"Already set: {words_of_change(settings)}")
            return
        setup.load(config, preset)
        checked = await setup.check()
        if checked.problem is not None:
            setup.load(before, preset)
            self._host.notify_user(f"This suggestion cannot be applied: {checked.problem.message}", severe=True)
            return
        self._report_outcome(settings, to_settings(config))

    def inspect_step(self) -> None:
        """Record the next step in full; a paused run makes one."""
        if self._host.state.worker == "dead":
            self._host.notify_user("The worker is gone. Press u to resume the run, or space to start a new one.")
        else:
            self._host.send(InspectStep())

    def list_prompts(self) -> None:
        """Request the prompts with the present policy's greedy completions."""
        self._ask(ListPrompts())

    def map(self) -> None:
        """Request the present policy's map."""
        self._ask(Map())

    def _ask(self, question: ListPrompts | Map) -> None:
        """Send a page's repeated request; dropped until the worker is ready, as requests would pile up."""
        if self._host.state.worker == "ready" and self._host.state.has_policy:
            self._host.send(question)

    def _has_policy(self) -> bool:
        lack = lack_of_policy(self._host.state, "to inspect", "Press space to train one, or s to run one step.")
        if lack:
            self._host.notify_user(lack)
        return not lack
