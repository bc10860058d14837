"""All controllers of the app; an action is looked up by its name."""

from __future__ import annotations

from functools import partial

from pgplay.app.actions import CONTROLLER_OF
from pgplay.app.controllers.consent import Consent
from pgplay.app.controllers.inspection import InspectionController
from pgplay.app.controllers.live_changes import LiveChanges
from pgplay.app.controllers.navigation import NavigationController
from pgplay.app.controllers.one_prompt import OnePromptController
from pgplay.app.controllers.palette import PaletteController
from pgplay.app.controllers.plots import PlotController
from pgplay.app.controllers.policies import PolicyController
from pgplay.app.controllers.rewards import RewardController
from pgplay.app.controllers.run import RunController
from pgplay.app.controllers.shell import ShellController
from pgplay.app.controllers.stored_runs import StoredRunsController
from pgplay.app.controllers.sweeps import SweepController
from pgplay.app.controllers.worker_events import WorkerEvents
from pgplay.app.host import ShellHost
from pgplay.app.messages import (
    BranchRun,
    CompareRuns,
    NewSweep,
    OpenSweep,
    OpenTimeTravel,
    PresetChosen,
    ResumeRun,
    ScreenRequest,
    WriteForPrompt,
)
from pgplay.worker.protocol.events import Event


class Controllers:
    """The controllers of one app; each gets what it needs of another here."""

    def __init__(self, host: ShellHost) -> None:
        consent = Consent(host)
        self.changes = LiveChanges(host, consent)
        self.run = RunController(host, consent, self.changes)
        self.rewards = RewardController(host, consent)
        self.policies = PolicyController(host, consent, self.run.start)
        self.plots = PlotController(host)
        self.inspection = InspectionController(
            host, self.changes.follow, self.run.go, partial(self.run.start_beside, paused=True)
        )
        self.stored_runs = StoredRunsController(host, self.run.start_beside, self.run.fill_in)
        self.one_prompt = OnePromptController(host, self.run.start_instead, self.run.fill_in)
        self.sweeps = SweepController(host, consent)
        self.navigation = NavigationController(
            host,
            {
                "place_run": (),
                "place_step": (self.inspection.newest_step, self.inspection.microscope),
                "place_map": (self.inspection.policy_map, self.inspection.prompts),
                "place_compare": (self.stored_runs.side_by_side,),
                "place_library": (self.stored_runs.runs, self.policies.library),
            },
        )
        self.palette = PaletteController(
            host,
            change=self.inspection.change,
            choose_preset=self.run.choose_preset,
            plot=self.plots.show_large,
            go_home=self.navigation.go_home,
        )
        self.shell = ShellController(host, lambda: self.sweeps.training)
        self.worker_events = WorkerEvents(host)

    def do(self, name: str) -> object:
        """Do the action `name`; returns what its method returns: a coroutine if it may ask the person."""
        return getattr(getattr(self, CONTROLLER_OF[name]), name)()

    async def carry_out(self, request: ScreenRequest) -> None:
        """Carry out the request of a screen."""
        match request:
            case PresetChosen(name):
                await self.run.choose_preset(name)
            case ResumeRun(run):
                await self.run.resume_run(run)
            case BranchRun(run, step):
                await self.run.branch(run, step)
            case OpenTimeTravel(run):
                await self.stored_runs.travel(run)
            case OpenSweep(sweep):
                await self.sweeps.open(sweep)
            case NewSweep(settings, run):
                await self.sweeps.sweep_of(settings, run)
            case CompareRuns(runs):
                await self.stored_runs.side_by_side(*runs)
            case WriteForPrompt(prompt):
                self.policies.write(prompt)

    def take(self, event: Event) -> None:
        """Let the controllers react to `event`; the state has been updated."""
        self.rewards.take(event)
        self.changes.take(event)
        self.run.take(event)
        self.worker_events.take(event)
