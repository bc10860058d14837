"""All controllers of the app, and the way from an action's name to the one that does it."""

from __future__ import annotations

from collections.abc import Coroutine
from functools import partial
from typing import Any

from pgplay.app.actions import CONTROLLER_OF
from pgplay.app.controllers.consent import Consent
from pgplay.app.controllers.inspection import InspectionController
from pgplay.app.controllers.live_changes import LiveChanges
from pgplay.app.controllers.navigation import NavigationController
from pgplay.app.controllers.palette import PaletteController
from pgplay.app.controllers.plots import PlotController
from pgplay.app.controllers.policies import PolicyController
from pgplay.app.controllers.rewards import RewardController
from pgplay.app.controllers.run import RunController
from pgplay.app.controllers.shell import ShellController
from pgplay.app.controllers.stored_runs import StoredRunsController
from pgplay.app.controllers.worker_events import WorkerEvents
from pgplay.app.host import ShellHost
from pgplay.app.messages import BranchRun, CompareRuns, OpenTimeTravel, ResumeRun
from pgplay.worker.protocol.events import Event


class Controllers:
    """The controllers of one app; none knows another, only what it is handed here."""

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
        self.stored_runs = StoredRunsController(host, self.run.start_beside)
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
            host, change=self.inspection.change, plot=self.plots.show_large, go_home=self.navigation.go_home
        )
        self.shell = ShellController(host)
        self.worker_events = WorkerEvents(host)

    def do(self, name: str) -> object:
        """Do the action of that name; returns what its method returns, a coroutine where it may ask the person."""
        return getattr(getattr(self, CONTROLLER_OF[name]), name)()

    def work_for(self, request: ResumeRun | BranchRun | OpenTimeTravel | CompareRuns) -> Coroutine[Any, Any, object]:
        """Return the work that a screen's request for a stored run asks for."""
        match request:
            case ResumeRun(run):
                return self.run.resume_run(run)
            case BranchRun(run, step):
                return self.run.branch(run, step)
            case OpenTimeTravel(run):
                return self.stored_runs.travel(run)
            case CompareRuns(runs):
                return self.stored_runs.side_by_side(*runs)

    def take(self, event: Event) -> None:
        """Let the controllers act on an event that the state has taken in."""
        self.rewards.take(event)
        self.changes.take(event)
        self.run.take(event)
        self.worker_events.take(event)
