"""The run: start, pause, steps and pace, stop, reset, resume, branch; and live changes of its settings."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pgplay.app.controllers.consent import Consent
from pgplay.app.host import AppHost
from pgplay.app.state.pace import PACES, TEN, parse_leg
from pgplay.app.widgets.setup import form
from pgplay.config.goals import EXAMPLES
from pgplay.config.run_config import make_config, to_settings
from pgplay.tasks.target_file import read_target
from pgplay.worker.protocol.messages import (
    Change,
    Changed,
    Event,
    Pace,
    Pause,
    Ready,
    Reset,
    Resume,
    Start,
    StateChanged,
    Step,
    Stop,
)

CONTINUABLE = ("training", "paused", "solved", "finished")
"""The states of a run that can make further steps."""


class RunController:
    """Turns keys into commands for the run, as its state allows."""

    def __init__(self, host: AppHost, consent: Consent) -> None:
        self._host, self._consent = host, consent
        self._running: dict[str, Any] = {}
        self._is_loading = False

    # Starting and ending

    async def toggle_run(self) -> None:
        """Start, pause or continue; a start that still waits for torch is taken back."""
        state = self._host.state
        if state.is_going:
            self._host.send(Pause())
        elif state.waiting:
            if state.worker != "ready":
                self._host.forget_unsent()
                state.waiting = False
        elif state.run == "paused" and state.worker == "ready":
            self._host.send(Resume())
        else:
            await self.start()
        self._host.redraw()

    async def start(self, *, paused: bool = False, continue_policy: str = "") -> bool:
        """Start a run as the setup says; returns whether it could be started, and says why not."""
        checked = self._host.main.setup.check_now()
        if checked.config is None:
            problem = checked.problem.message if checked.problem else ""
            self._host.notify_user(f"This cannot be started: {problem}", severe=True)
            return False
        rewards = await self._consent.for_setup((checked.config.reward, *checked.config.measure))
        if rewards is None:
            return False
        self._host.state.waiting = True
        self._is_loading = False
        config = replace(checked.config, warm_start=continue_policy or checked.config.warm_start)
        python = tuple(spec for spec in rewards if spec.source is not None)
        self._host.send(Start(config=config, paused=paused, rewards=python))
        return True

    async def start_beside(self, settings: dict[str, Any]) -> bool:
        """Load `settings`, a stored run's with a change, into the setup and start a run of them."""
        self._host.main.setup.load(make_config(settings), origin="the stored run", kept=True)
        return await self.start()

    def stop(self) -> None:
        """End the run; its policy stays."""
        if self._host.state.is_going or self._host.state.run == "paused":
            self._host.send(Stop())

    async def reset(self) -> None:
        """Discard the policy; asks first where it would be lost unsaved."""
        from pgplay.app.screens.dialogs.questions import ConfirmDialog

        state = self._host.state
        if state.run == "idle":
            return
        if state.unsaved and state.worker == "ready":
            question = f"Forget the policy of step {state.step}? It is not saved. The stored run stays."
            if not await self._host.push_screen_wait(ConfirmDialog("Reset", question, "Forget it")):
                return
        self._host.send(Reset())

    async def resume_run(self, run: str) -> None:
        """Continue a stored run from its last checkpoint; the setup then shows that run's settings."""
        rewards = await self._consent.for_run(run)
        if rewards is None:
            return
        state = self._host.state
        state.waiting = True
        self._is_loading = state.info is None or state.info.run != run
        self._host.send(Resume(run=run, rewards=rewards))
        self._host.redraw()

    async def branch(self, run: str, step: int) -> None:
        """Make a new run that continues from `run` at `step`, paused so that something can be changed first."""
        while len(self._host.screen_stack) > 1:
            self._host.pop_screen()
        rewards = await self._consent.for_run(run, step)
        if rewards is None:
            return
        self._host.state.waiting = True
        self._is_loading = True
        self._host.send(Resume(run=run, at=step, paused=True, rewards=rewards))
        self._host.notify_user(f"A branch of {run} from step {step}: change something, then press space.")
        self._host.redraw()

    async def target_from_file(self) -> None:
        """Ask for a file and put its text in the target's field."""
        from pgplay.app.screens.dialogs.questions import AskDialog

        texts: list[str] = []
        question = "Which file holds the text? It is read as UTF-8."
        dialog = AskDialog(
            "Target from a file", question, yes="Read", check=lambda file: texts.append(read_target(file))
        )
        if await self._host.push_screen_wait(dialog) is not None:
            self._host.main.setup.set_target(texts[-1])

    # How far and how fast

    async def one_step(self) -> None:
        """Make one step and pause; pause where the run is training."""
        if self._host.state.is_going:
            self._host.send(Pause())
            self._host.redraw()
        else:
            await self._go(Step())

    async def ten_steps(self) -> None:
        """Make ten steps and pause."""
        await self._go(TEN)

    async def go_until(self) -> None:
        """Ask how far the run is to go before it pauses."""
        from pgplay.app.screens.dialogs.questions import AskDialog

        step = self._host.state.step
        question = f"One of: {EXAMPLES}.\nThere the run pauses; its recipe stays as it is."
        dialog = AskDialog("Go on until…", question, "solved", yes="Go", check=lambda goal: parse_leg(goal, step))
        goal = await self._host.push_screen_wait(dialog)
        if goal is not None:
            await self._go(parse_leg(goal, step))
            self._host.notify_user(f"Going on until {goal}, then the run pauses.")

    async def _go(self, leg: Step) -> None:
        """Continue as far as `leg` says and pause; without a run, start one first."""
        state = self._host.state
        is_there = state.worker == "ready" and state.run in CONTINUABLE
        if is_there or (not state.waiting and await self.start(paused=True)):
            self._host.send(leg)
        self._host.redraw()

    def slower(self) -> None:
        """Slow down."""
        self._change_pace(1)

    def faster(self) -> None:
        """Speed up, as far as full speed."""
        self._change_pace(-1)

    def _change_pace(self, direction: int) -> None:
        state = self._host.state
        place = PACES.index(state.tempo) + direction
        state.tempo = PACES[max(0, min(len(PACES) - 1, place))]
        self._host.send(Pace(seconds=state.tempo))
        self._host.redraw()

    # Live changes

    def take_settings(self, settings: dict[str, Any] | None) -> None:
        """Send what can change while the run trains, and show what waits for the next start."""
        state, setup = self._host.state, self._host.main.setup
        if settings is None or state.waiting or state.worker != "ready" or state.run not in ("training", "paused"):
            setup.show_pending([])  # of a run that is asked for, it is asked again once it stands
            return
        live, later = form.live_changes(self._running, settings)
        rewards = self._consent.at_hand([live["reward"]] if "reward" in live else [])
        if rewards is None:
            del live["reward"]
            later.append("reward")
        if live:
            self._running.update(live)
            self._host.send(Change(settings=live, rewards=rewards or ()))
        setup.show_pending(later)

    def take(self, event: Event) -> None:
        """Keep up with the worker; the state has taken the event in already."""
        match event:
            case Ready() if self._host.state.tempo:  # a worker begins at full speed
                self._host.send(Pace(seconds=self._host.state.tempo))
            case Changed():
                self._running.update(event.settings)
            case StateChanged(info=info):
                if info is not None:
                    self._running = dict(info.settings)
                if info is not None and self._is_loading:
                    self._is_loading = False
                    config = make_config(info.settings)
                    self._host.main.setup.load(config, origin=f"the run {info.run}", kept=True)
                    self._host.state.settings = to_settings(config)
                else:
                    self.take_settings(self._host.state.settings)
            case _:
                pass
