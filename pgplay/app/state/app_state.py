"""The app's one state: the worker's reports, the setup, and the view of both; widgets only read it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from pgplay.app.state.metric_history import History
from pgplay.app.state.plot_view import PlotView
from pgplay.config.engine import LOCAL, Engine
from pgplay.config.run_config import to_settings
from pgplay.learning.algorithms.table import no_policy
from pgplay.learning.reports.signals import RECENT_STEPS, SIGNAL_METRICS, UNAVERAGED_METRICS, Signal, signals
from pgplay.learning.reports.step_detail import PolicyMap, StepDetail
from pgplay.learning.reports.step_report import Finding, PromptSheet, Sample, StepReport
from pgplay.worker.protocol.events import (
    Changed,
    Event,
    Failed,
    Log,
    Mapped,
    PromptsListed,
    Ready,
    Saved,
    Snapshot,
    StateChanged,
    StepInspected,
)
from pgplay.worker.protocol.records import Device, EndCause, RunInfo, RunState, SecondsLeft

LOG_LINES = 500
RECORDS = 200
RESUMED = "resumed"
"""The plots' mark where a run was resumed from a checkpoint."""
STAGES = ("sample", "score", "learn")

WorkerState = Literal["starting", "ready", "dead"]


@dataclass
class AppState:
    """The worker and its run, the setup, and the person's view of them."""

    settings: dict[str, Any] | None = None
    """The checked setup, None while it has an error."""
    parameters: int | None = None
    """The number of parameters of the setup's network, None until it has been checked."""
    view: PlotView = field(default_factory=PlotView)
    palette_uses: dict[str, int] = field(default_factory=dict, kw_only=True)
    """How often each entry of the palette was chosen, by its key."""
    ascii: bool = False
    """Whether everything is drawn in ASCII."""
    shows_speed: bool = False
    """Whether the speed and where the time goes are shown on screens of any size."""

    is_first_run: bool = False
    """Whether this is the first run ever; False once it has ended."""
    asks_what_now: bool = False
    """Whether the solved run still asks what to try next."""

    engine: Engine = field(default=LOCAL, kw_only=True)
    """Where runs are trained."""
    worker: WorkerState = "starting"
    devices: tuple[Device, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    run: RunState = "idle"
    message: str = ""
    cause: EndCause = ""
    step: int = 0
    info: RunInfo | None = None
    report: StepReport | None = None
    findings: tuple[Finding, ...] = ()
    progress: float | None = None
    seconds_left: SecondsLeft | None = None
    characters_per_second: float = 0.0
    failure: Failed | None = None
    unsaved: bool = False
    records: list[Sample] = field(default_factory=list)
    """Each best completion that beat the one before, oldest first."""
    step_detail: StepDetail | None = None
    """The last step recorded in full."""
    map: PolicyMap | None = None
    prompts: PromptSheet | None = None
    """The newest list of prompts with the policy's greedy completions."""
    tempo: float = 0.0
    """Slow motion: the minimum duration of a step in seconds, 0 at full speed."""
    waiting: bool = False
    """Whether a start was requested and not answered yet; the run's controller keeps its request's number."""
    history: History = field(default_factory=History)
    log: deque[str] = field(default_factory=lambda: deque(maxlen=LOG_LINES))
    lines_noted: int = 0
    """The number of lines ever added to the log, which keeps the last ones."""

    @property
    def host(self) -> str:
        """The machine that trains, empty for this one."""
        return self.engine.host

    @property
    def is_going(self) -> bool:
        """Whether steps are being made, or are about to be."""
        return self.run in ("training", "preparing")

    @property
    def shown_run(self) -> RunState:
        """The run's state as a person sees it: a worker that is gone has failed, a start that waits is preparing."""
        if self.worker == "dead":
            return "failed"
        return "preparing" if self.waiting else self.run

    @property
    def has_run(self) -> bool:
        """Whether there is a run, training or at rest."""
        return self.info is not None and self.run != "idle"

    @property
    def has_policy(self) -> bool:
        """Whether there is a policy to save and to sample from; a search has none."""
        return self.has_run and self.info is not None and self.info.has_policy

    @property
    def has_ended(self) -> bool:
        """Whether the run has ended; the screen then shows its last state."""
        return self.run in ("solved", "finished")

    @property
    def can_step(self) -> bool:
        """Whether a step can be made and recorded: by the present run, a requested one or a new one."""
        return self.worker != "dead" and (
            self.waiting or not self.has_run or (self.has_policy and self.run != "failed")
        )

    @property
    def has_search(self) -> bool:
        """Whether there is a run that trains no network, and no other one was requested."""
        return self.has_run and not self.has_policy and not self.waiting

    @property
    def verdict(self) -> str:
        """What a check on one prompt says at its end; empty for any other run, and for one that was stopped."""
        is_check = self.info is not None and self.info.config.prompts == 1
        return self.message if is_check and self.has_ended and self.cause != "stopped" else ""

    @property
    def can_check_one_prompt(self) -> bool:
        """Whether the run has several prompts, of which one alone can be tried."""
        return self.info is not None and bool(self.info.config.task) and self.info.config.prompts != 1

    def can_start_other(self, settings: Mapping[str, object]) -> bool:
        """Whether the space bar starts a run of these `settings`, which is not the one that is shown."""
        is_other = self.info is None or settings != to_settings(self.info.config)
        return is_other and not self.waiting and not self.is_going and self.run != "paused"

    @property
    def is_beginning(self) -> bool:
        """Whether a run was requested that has nothing to show yet."""
        return self.waiting or (self.is_going and self.report is None)

    @property
    def stage_shares(self) -> tuple[float, float, float] | None:
        """The shares of the newest step's time that sampling, scoring and learning took; None before the first."""
        if self.report is None:
            return None
        seconds = [max(0.0, self.report.metrics.get(f"seconds_{stage}", 0.0)) for stage in STAGES]
        total = sum(seconds)
        return (seconds[0] / total, seconds[1] / total, seconds[2] / total) if total > 0 else None

    @property
    def plots(self) -> PlotView:
        """The view of the curves; until a person chooses metrics, a run's measures are plotted beside its reward.

        So is the reward on held-out prompts, if there are some.
        """
        if self.info is None:
            return self.view
        held_out = ("held_out_reward",) if self.info.config.held_out else ()
        return self.view.with_measures((*held_out, *(f"measure:{spec}" for spec in self.info.config.measure)))

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The health of the learning signal over the recent steps; empty before the first one."""
        if not self.history.last_step:
            return ()
        newest = {} if self.report is None else {name: self.report.metrics.get(name) for name in UNAVERAGED_METRICS}
        reported = {name: value for name, value in newest.items() if value is not None}
        return signals(self.history.means(SIGNAL_METRICS, RECENT_STEPS) | reported)

    def take_setup(self, settings: dict[str, Any] | None, parameters: int | None) -> None:
        """Take the setup as it was checked."""
        self.settings, self.parameters = settings, parameters

    def apply(self, event: Event) -> None:
        """Update the state by an event of the worker."""
        match event:
            case Ready():
                self.worker, self.devices, self.versions = "ready", event.devices, event.versions
            case StateChanged():
                self._change_state(event)
            case Snapshot():
                self._take_snapshot(event)
            case Failed():
                self.run, self.failure, self.message = "failed", event, event.problem
            case Saved():
                self.unsaved = False
            case StepInspected():
                self.step_detail = event.detail
            case PromptsListed():
                self.prompts = event.sheet
            case Mapped():
                self.map = event.map
            case Changed():
                self.history.mark(event.step, words_of_change(event.settings.by_name()))
                self._change_settings(event)
            case Log():
                self.note(event.line)
            case _:
                pass

    def note(self, line: str) -> None:
        """Add a line printed by the worker, or by a reward that a screen runs, to the log."""
        self.log.append(line)
        self.lines_noted += 1

    def forget_run(self) -> None:
        """Clear the plots and samples, for a new run."""
        self.report, self.findings, self.progress, self.seconds_left = None, (), None, None
        self.step, self.characters_per_second, self.unsaved, self.failure = 0, 0.0, False, None
        self.step_detail, self.map, self.prompts, self.written = None, None, None, ()
        self.history.clear()
        self.records.clear()

    def lose_worker(self) -> None:
        """Note that the worker is gone; its last reports stay on the screen."""
        self.worker, self.waiting, self.seconds_left = "dead", False, None
        if self.run not in ("idle", "solved", "finished"):
            self.run = "failed"

    def _change_state(self, event: StateChanged) -> None:
        if event.info is not None:
            if self.info is None or event.info.run != self.info.run or event.step == 0:
                self.forget_run()
            is_edited = self.info is not None and event.info.reward_source != self.info.reward_source
            is_same_run = self.info is not None and event.info.run == self.info.run
            self.info, self.step = event.info, event.step
            self.history.cut(event.step)
            if event.step:
                self.history.mark(event.step, RESUMED)
            if event.step and is_edited and is_same_run:
                self.history.mark(event.step, words_of_change({"reward": event.info.config.reward}))
        self.asks_what_now = event.state == "solved" and (self.run != "solved" or self.asks_what_now)
        self.run, self.message, self.cause = event.state, event.message, event.cause
        if event.state in ("solved", "finished", "failed"):
            self.is_first_run = False
        if event.state != "failed":
            self.failure = None
        self.step = max(self.step, event.step)
        if event.state == "idle":
            self.info = None
            self.forget_run()

    def _change_settings(self, event: Changed) -> None:
        if event.info is not None:
            self.info = event.info
        elif self.info is not None:
            source = self.info.reward_source if event.settings.reward is msgspec.UNSET else event.reward_source
            config = msgspec.structs.replace(self.info.config, **event.settings.by_name())
            self.info = msgspec.structs.replace(self.info, config=config, reward_source=source)

    def _take_snapshot(self, event: Snapshot) -> None:
        self.report, self.step = event.report, event.report.step
        self.findings, self.progress, self.seconds_left = event.findings, event.progress, event.seconds_left
        self.characters_per_second = event.characters_per_second
        self.unsaved = self.has_policy
        self.history.add(event.rows)
        self.history.add_traces(event.traces)
        best = next((sample for sample in event.report.samples if sample.role == "best"), None)
        if best is not None and (not self.records or best.reward > self.records[-1].reward):
            self.records = [*self.records[-RECORDS:], best]


def lack_of_policy(state: AppState, purpose: str, otherwise: str = "Press space to train one.") -> str:
    """Return why there is no policy `purpose`, such as 'to save', and how to get one; empty if there is one."""
    if state.has_policy:
        return ""
    if state.has_run and state.info is not None:
        error = no_policy(state.info.config.algorithm)
        return f"{error.problem} {error.remedy}"
    if state.is_beginning:
        return f"There is no policy {purpose} yet: it is being created. Try again in a moment."
    return f"There is no policy {purpose} yet. {otherwise}"


def waiting_for_policy(state: AppState) -> str:
    """Return why a page that asks the worker for the policy's texts stays as it is; empty if an answer will come."""
    return "the worker is gone. escape, u resumes the run" if state.worker == "dead" else ""


def words_of_change(settings: Mapping[str, object]) -> str:
    """Return changed settings in words: `lr 0.003, entropy 0.1`, without the text of a person's Python."""
    return ", ".join(f"{name} {value}" for name, value in settings.items() if name != "reward_source")
