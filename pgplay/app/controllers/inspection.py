"""Looking into a step: what the app asks the worker for, and the screens that show the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pgplay.app.state.app_state import lack_of_policy, words_of_change
from pgplay.config.run_config import make_config
from pgplay.errors import PgplayError
from pgplay.worker.protocol.messages import Command, InspectStep, ListPrompts, Map, Pause

if TYPE_CHECKING:
    from pgplay.app.app import PgplayApp


class Inspection:
    """Opens the screens that look into a step; they ask through here and read the app's state."""

    def __init__(self, app: PgplayApp) -> None:
        self._app = app

    def phases(self) -> None:
        """Pause, make one step, and walk through it in four stops."""
        from pgplay.app.screens.step.phases import PhaseScreen

        if self._has_policy():
            if self._app.state.is_going:
                self._send(Pause())
            self.dissect()
            self._app.push_screen(PhaseScreen(self._app.state, self.dissect))

    def microscope(self) -> None:
        """Look at the newest step's completions token by token; a run that trains goes on."""
        from pgplay.app.screens.step.microscope import MicroscopeScreen

        if self._has_policy():
            if self._app.state.is_going:
                self.dissect()
            self._app.push_screen(MicroscopeScreen(self._app.state, self.dissect))

    def policy_map(self) -> None:
        """Look at what the policy would write, position by position, and at which letter was learnt when."""
        from pgplay.app.screens.step.policy_map import MapScreen

        if self._has_policy():
            self._app.push_screen(MapScreen(self._app.state, self.map))

    def prompts(self, write: Callable[[str], None]) -> None:
        """List the task's prompts with what the policy writes for each, and watch one; `write` writes for one."""
        from pgplay.app.screens.step.prompts import PromptsScreen

        if self._has_policy():
            self._app.push_screen(PromptsScreen(self._app.state, self.list_prompts, write))

    def health(self) -> None:
        """Tell how the learning signal stands."""
        from pgplay.app.screens.dialogs.signals import HealthScreen

        self._app.push_screen(HealthScreen(self._app.state, self.change))

    def take_advice(self) -> None:
        """Make the change that the first finding suggests."""
        settings = next((finding.settings for finding in self._app.state.findings if finding.settings), None)
        if settings:
            self.change(settings)
        else:
            self._app.tell("There is no advice now that a key could follow. ? tells how the signal stands.")

    def change(self, settings: dict[str, Any]) -> None:
        """Put `settings` into the setup, from where they reach the run as if they had been typed."""
        setup = self._app.main.setup
        checked = setup.check_now()
        if checked.config is None:
            self._app.tell("Mend the setup first: it cannot be changed while something in it is wrong.", severe=True)
            return
        try:
            config = make_config(settings, checked.config)
        except PgplayError as error:  # advice knows the step, not all that the settings hold
            self._app.tell(f"This cannot be followed: {error}", severe=True)
            return
        setup.load(config, setup.preset)
        self._app.tell(f"Changed: {words_of_change(settings)}")

    def dissect(self) -> None:
        """Have the next step taken apart; one is made where the run rests."""
        self._send(InspectStep())

    def list_prompts(self) -> None:
        """Have the prompts told, with what the present policy writes for each."""
        self._send(ListPrompts())

    def map(self) -> None:
        """Have the present policy's map told."""
        self._send(Map())

    def _send(self, command: Command) -> None:
        if self._app.worker_link is not None and self._app.state.worker == "ready":
            self._app.worker_link.send(command)

    def _has_policy(self) -> bool:
        lack = lack_of_policy(self._app.state, "to look into", "Press space to train one, or s to make one step.")
        if lack:
            self._app.tell(lack)
        return not lack
