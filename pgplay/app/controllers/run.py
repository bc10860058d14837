"""The run: start, pause, step, pace, stop, reset, resume, branch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec.structs import replace

from pgplay.app.controllers.checked_setup import checked_setup
from pgplay.app.controllers.consent import Consent
from pgplay.app.controllers.live_changes import LiveChanges
from pgplay.app.host import AppHost
from pgplay.app.state.guide import FIRST_PACE, FIRST_STEPS, GOAL
from pgplay.app.state.pace import PACES, TEN, parse_leg
from pgplay.config.goals import EXAMPLES
from pgplay.config.run_config import RunConfig, make_config, to_settings
from pgplay.locale.catalog import Coded, text_of
from pgplay.paths import expand_home
from pgplay.rewards.spec import Origin, RewardSpec
from pgplay.tasks.target_file import read_target
from pgplay.worker.protocol.commands import InspectStep, LookFirst, Pace, Pause, Reset, Resume, Start, Step, Stop
from pgplay.worker.protocol.events import Event, Ready, Refused, Snapshot, StateChanged

CONTINUABLE = ("training", "paused", "solved", "finished")
"""The states of a run that can make more steps."""


class _AgreedSetup(NamedTuple):
    """The setup's configuration with its Python rewards, all allowed to run."""

    config: RunConfig
    python: tuple[RewardSpec, ...]


class RunController:
    """Turns actions into commands for the run, as its state allows."""

    def __init__(self, host: AppHost, consent: Consent, changes: LiveChanges) -> None:
        self._host, self._consent, self._changes = host, consent, changes
        self._is_loading = False
        self._is_slow_start = host.state.is_first_run
        """Whether the very first run is still in slow motion: nobody has chosen a pace."""
        if self._is_slow_start:
            host.state.tempo = FIRST_PACE
        self._starting = 0
        """The request number of the newest command that starts or resumes a run."""
        self._steps: list[Step | InspectStep] = []
        """Steps for the requested run, sent once it is built."""

    # Starting and ending

    async def toggle_run(self) -> None:
        """Start, pause or continue; cancels a start that still waits for torch."""
        state = self._host.state
        if state.is_going:
            self._host.send(Pause())
        elif state.waiting:
            if state.worker != "ready":
                self._host.forget(self._starting)
                self._steps.clear()
                state.waiting = False
        elif state.run == "paused" and state.worker == "ready":
            self._host.send(Resume())
        else:
            await self.start()
        self._host.redraw()

    async def start(self, *, paused: bool = False, continue_policy: str = "") -> bool:
        """Start a run of the setup; returns whether that is possible, and shows why not."""
        newest = self._starting
        agreed = await self._agreed_setup()
        if agreed is None or newest != self._starting:  # another start was requested while large files were read
            return False
        self._is_loading = False
        config = replace(agreed.config, warm_start=continue_policy or agreed.config.warm_start)
        self._bring(Start(config=config, paused=paused, rewards=agreed.python))
        return True

    async def first_look(self) -> None:
        """Show what a run of the setup would begin with."""
        from pgplay.app.screens.dialogs.first_look import FirstLookScreen

        agreed = await self._agreed_setup()
        if agreed is not None:
            request = self._host.send(LookFirst(config=agreed.config, rewards=agreed.python))
            self._host.push_screen(FirstLookScreen(request))

    async def _agreed_setup(self) -> _AgreedSetup | None:
        """Return the setup with consent to its Python; None if it cannot run, and shows why not."""
        checked = await checked_setup(self._host)
        if checked is None:
            return None
        if checked.config is None:
            problem = checked.problem.message if checked.problem else ""
            self._host.notify_user(f"This cannot be started: {problem}", severe=True)
            return None
        rewards = await self._consent.for_setup((checked.config.reward, *checked.config.measure))
        if rewards is None:
            return None
        return _AgreedSetup(checked.config, tuple(spec for spec in rewards if spec.source is not None))

    def _bring(self, command: Start | Resume) -> None:
        """Send a command that replaces the present run, and cancel one that still waits for torch."""
        self._host.state.waiting = True
        self._host.forget(self._starting)
        self._steps.clear()
        self._starting = self._host.send(command)

    async def start_beside(self, settings: dict[str, Any], reward: str = "", *, paused: bool = False) -> bool:
        """Load the changed `settings` of a stored run into the setup and start a run of them.

        `reward` is that of the settings if the person chose it just now, else empty.
        """
        config, setup = make_config(settings), self._host.main.setup

        def load() -> None:
            setup.load(config, origin=Origin("stored-run"), kept=True)
            if reward:
                setup.set_reward(reward)

        return await self._start_with(load, paused=paused)

    async def choose_preset(self, name: str) -> None:
        """Load the preset `name` into the setup, as `fill_in` does."""
        await self.fill_in(Origin("preset", name).text, lambda: self._host.main.setup.load_preset(name))
        self._host.main.setup.keep_preset()

    async def fill_in(self, other: Coded, load: Callable[[], None]) -> None:
        """Fill the whole setup by `load`; if a run is under way, offer to start a new one in its place.

        `other` is what the settings are called in the question; as live changes they would mix with those of the run
        under way.
        """
        if self._is_under_way:
            await self.start_instead(other, load)
        else:
            self._end_first_run()
            load()

    async def start_instead(self, other: Coded, load: Callable[[], None]) -> bool:
        """Start a run of the setup that `load` fills, after a question if one is under way; returns whether it starts.

        `other` is what the run is called in the question.
        """
        from pgplay.app.screens.dialogs.questions import ConfirmDialog

        if self._is_under_way:
            present = "A run is being started."
            if not self._is_being_started:
                present = f"The run is at step {self._host.state.step:,}. It is stored with a checkpoint."
            question = f"{present}\nStart {text_of(*other)} instead?"
            if not await self._host.push_screen_wait(ConfirmDialog("Another run", question, "Start")):
                return False
        self._end_first_run()
        return await self._start_with(load)

    def _end_first_run(self) -> None:
        """End the guidance and the slow motion of the first run: they are not about a setup that the person chose."""
        self._host.state.is_first_run = False
        if self._is_slow_start:
            self._set_pace(PACES[0])

    @property
    def _is_under_way(self) -> bool:
        state = self._host.state
        return state.worker != "dead" and (self._is_being_started or state.run in ("training", "paused"))

    @property
    def _is_being_started(self) -> bool:
        return self._host.state.waiting or self._host.state.run == "preparing"

    async def _start_with(self, load: Callable[[], None], *, paused: bool = False) -> bool:
        """Start a run of the setup that `load` fills; if it cannot start, restore the setup of the run under way."""
        with self._changes.held():
            load()
            is_started = await self.start(paused=paused)
            info = self._host.state.info
            if not is_started and self._is_being_started:
                self._is_loading = True
            elif not is_started and self._is_under_way and info is not None:
                self._host.main.setup.load(info.config, origin=Origin("run", info.run), kept=True)
        return is_started

    def stop(self) -> None:
        """End the run; its policy stays."""
        if self._host.state.is_going or self._host.state.run == "paused":
            self._host.send(Stop())

    async def reset(self) -> None:
        """Discard the policy; asks first if it is not saved."""
        from pgplay.app.screens.dialogs.questions import ConfirmDialog

        state = self._host.state
        if state.run == "idle":
            return
        if state.unsaved and state.worker == "ready":
            question = f"Discard the policy of step {state.step}? It is not saved. The run's history is kept."
            if not await self._host.push_screen_wait(ConfirmDialog("Reset", question, "Discard it")):
                return
        self._host.send(Reset())

    async def resume_run(self, run: str) -> None:
        """Resume a stored run from its last checkpoint and show its settings in the setup."""
        rewards = await self._consent.for_run(run)
        if rewards is None:
            return
        state = self._host.state
        self._is_loading = state.info is None or state.info.run != run
        self._bring(Resume(run=run, rewards=rewards))
        self._host.redraw()

    async def branch(self, run: str, step: int) -> None:
        """Start a new run from `run` at `step`, paused so that settings can be changed first."""
        while len(self._host.screen_stack) > 1:
            self._host.pop_screen()
        rewards = await self._consent.for_run(run, step)
        if rewards is None:
            return
        self._is_loading = True
        self._bring(Resume(run=run, at=step, paused=True, rewards=rewards))
        self._host.notify_user(f"A branch of {run} from step {step}: change a setting, then press space.")
        self._host.redraw()

    async def target_from_file(self) -> None:
        """Ask for a file and put its text into the target's field."""
        from pgplay.app.screens.dialogs.questions import AskDialog

        texts: list[str] = []
        question = "Path of the text file, in UTF-8:"

        def read(file: str) -> None:
            texts.append(read_target(expand_home(file)))

        dialog = AskDialog("Target from a file", question, yes="Read", check=read)
        if await self._host.push_screen_wait(dialog) is not None:
            self._host.main.setup.set_target(texts[-1])

    # How far and how fast

    async def one_step(self) -> None:
        """Make one step and pause; while the run is training, pause."""
        if self._host.state.is_going:
            self._host.send(Pause())
            self._host.redraw()
        else:
            await self.go(Step())

    async def ten_steps(self) -> None:
        """Make ten steps and pause."""
        await self.go(TEN)

    async def go_until(self) -> None:
        """Ask for a goal, train until it is reached, and pause."""
        from pgplay.app.screens.dialogs.questions import AskDialog

        step = self._host.state.step
        question = f"One of: {EXAMPLES}.\nThe run pauses there; its recipe does not change."
        usual = f"reward {GOAL}" if self._host.state.run == "solved" else "solved"
        dialog = AskDialog("Run until…", question, usual, yes="Run", check=lambda goal: parse_leg(goal, step))
        goal = await self._host.push_screen_wait(dialog)
        if goal is not None:
            await self.go(parse_leg(goal, step))
            self._host.notify_user(f"The run continues until {goal}, then pauses.")

    async def go(self, steps: Step | InspectStep) -> bool:
        """Make these `steps` and pause; starts a run if there is none. Returns whether that is possible."""
        state = self._host.state
        can_continue = state.worker == "ready" and state.run in CONTINUABLE
        is_requested = self._is_being_started
        is_started = is_requested or can_continue or await self.start(paused=True)
        if can_continue and not is_requested:
            self._host.send(steps)
        elif is_started:
            self._steps.append(steps)
        self._host.redraw()
        return is_started

    def slower(self) -> None:
        """Take the next slower pace."""
        self._change_pace(1)

    def faster(self) -> None:
        """Take the next faster pace, up to full speed."""
        self._change_pace(-1)

    def _change_pace(self, direction: int) -> None:
        index = PACES.index(self._host.state.tempo) + direction
        self._set_pace(PACES[max(0, min(len(PACES) - 1, index))])

    def _set_pace(self, seconds: float) -> None:
        self._is_slow_start = False
        self._host.state.tempo = seconds
        self._host.send(Pace(seconds=seconds))
        self._host.redraw()

    def take(self, event: Event) -> None:
        """React to `event`; the state has been updated."""
        match event:
            case Ready() if self._host.state.tempo:  # a worker starts at full speed
                self._host.send(Pace(seconds=self._host.state.tempo))
            case Snapshot(report=report) if self._is_slow_start and report.step >= FIRST_STEPS:
                self._set_pace(PACES[0])
            case Refused() if event.request == self._starting:
                self._host.state.waiting = False
                self._steps.clear()
            case StateChanged(info=info):
                is_answer = event.request == self._starting
                if is_answer:
                    self._host.state.waiting = False
                if info is not None and is_answer and self._is_loading:
                    self._is_loading = False
                    self._host.main.setup.load(info.config, origin=Origin("run", info.run), kept=True)
                    self._host.state.settings = to_settings(info.config)
                else:
                    self._changes.take_settings(self._host.state.settings)
                if is_answer and (info is not None or event.state == "idle"):
                    waiting, self._steps = self._steps, []
                    for steps in waiting if info is not None else ():
                        self._host.send(steps)
            case _:
                pass
