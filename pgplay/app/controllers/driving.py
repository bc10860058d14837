"""How far and how fast the person lets the run go: one step, ten, until a goal, in slow motion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgplay.app.screens.dialogs.questions import AskDialog
from pgplay.app.state.pace import PACES, parse_leg
from pgplay.config.goals import EXAMPLES
from pgplay.worker.protocol.messages import Pace, Pause, Step

if TYPE_CHECKING:
    from pgplay.app.app import PgplayApp
    from pgplay.app.controllers.run import RunController

READY = ("training", "paused", "solved", "finished")
"""The states of a run that can go on from where it is."""


class PaceController:
    """Sends what the keys for speed ask for, for the app."""

    def __init__(self, app: PgplayApp, conductor: RunController) -> None:
        self._app = app
        self._conductor = conductor

    def one_step(self) -> None:
        """Make one step and pause; pause where the run goes on."""
        if self._app.state.is_going:
            self._conductor.send(Pause())
            self._app.redraw()
        else:
            self.go(Step())

    def go(self, leg: Step) -> None:
        """Go on as far as `leg` says and pause; without a run, build one first."""
        state = self._app.state
        can_go_on = state.worker == "ready" and state.run in READY
        if can_go_on or (not state.waiting and self._conductor.start(paused=True)):
            self._conductor.send(leg)
        self._app.redraw()

    def ask_goal(self) -> None:
        """Ask how far the run is to go before it pauses."""
        step = self._app.state.step

        def answered(words: str | None) -> None:
            if words is not None:
                self.go(parse_leg(words, step))
                self._app.tell(f"Going on until {words}, then the run pauses.")

        def check(words: str) -> None:
            parse_leg(words, step)

        question = f"One of: {EXAMPLES}.\nThere the run pauses; its recipe stays as it is."
        self._app.push_screen(AskDialog("Go on until…", question, "solved", yes="Go", check=check), answered)

    def change_tempo(self, direction: int) -> None:
        """Go through the tempos, slower (-1) or faster (1)."""
        state = self._app.state
        place = PACES.index(state.tempo) - direction
        state.tempo = PACES[max(0, min(len(PACES) - 1, place))]
        self._conductor.send(Pace(seconds=state.tempo))
        self._app.redraw()
