"""The events of the protocol, from the worker to its app, answers among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from pgplay.config.changes import Changes
from pgplay.learning.reports.first_look import FirstLook
from pgplay.learning.reports.step_detail import PolicyMap, StepDetail
from pgplay.learning.reports.step_report import Finding, PromptSheet, Sample, StepReport, Trace
from pgplay.locale.catalog import Coded, error_problem, error_remedy, error_text, text_of
from pgplay.rewards.probe.probe import Probe
from pgplay.rewards.probe.verdict import Verdict
from pgplay.tasks.task import ColumnValues
from pgplay.worker.protocol.records import Device, EndCause, Other, Reason, RunInfo, RunState, SecondsLeft

Given = tuple[str, str, str, ColumnValues] | None
"""The input for which a reward failed (`rewards.records.Triple`); None if it failed before any."""


class Event(msgspec.Struct, frozen=True, tag_field="event", kw_only=True):
    """An event of the worker; `request` is that of the command it answers, else 0."""

    request: int = 0


class Ready(Event, tag="ready", frozen=True):
    """Torch is loaded; commands are obeyed from now on."""

    protocol: int
    pid: int
    versions: dict[str, str]
    devices: tuple[Device, ...]
    seconds: float


class StateChanged(Event, tag="state", frozen=True):
    """The run is in another state, for some `reason` of the kind `cause`. `info` comes when a run was built."""

    state: RunState
    reason: Reason | None = None
    step: int = 0
    info: RunInfo | None = None
    cause: EndCause = ""

    @property
    def message(self) -> str:
        """The reason in words, empty without one."""
        return "" if self.reason is None else text_of(*self.reason)


class Snapshot(Event, tag="snapshot", frozen=True):
    """The newest step, and the metrics of every step since the last snapshot; at most ten a second, latest wins.

    `rows` are (step, metrics), `traces` (step, trace) of as many steps as can be drawn. `findings` is empty while all
    is well. `progress` is the share of the way to the goal, `seconds_left` the forecast; each is None if unknown.
    """

    report: StepReport
    rows: tuple[tuple[int, dict[str, float]], ...]
    traces: tuple[tuple[int, Trace], ...] = ()
    findings: tuple[Finding, ...] = ()
    progress: float | None = None
    seconds_left: SecondsLeft | None = None
    characters_per_second: float = 0.0


class StepInspected(Event, tag="step_inspected", frozen=True):
    """A step was made and recorded in full."""

    detail: StepDetail


class Mapped(Event, tag="mapped", frozen=True):
    """The map of the present policy."""

    map: PolicyMap


class PromptsListed(Event, tag="prompts_listed", frozen=True):
    """The first prompts of either side with their greedy completions."""

    sheet: PromptSheet


class Saved(Event, tag="saved", frozen=True):
    """A policy was saved under this name."""

    name: str


class Written(Event, tag="written", frozen=True):
    """Samples of a policy; their targets and rewards are meaningful only if `scored_by` names a reward.

    It is empty for a prompt outside the policy's task, and if scoring would run Python that came with a saved policy.
    `other_samples` are those of the base or reference that `other` names, one for each sample.
    """

    policy: str
    samples: tuple[Sample, ...]
    scored_by: str = ""
    other: Other = ""
    other_samples: tuple[Sample, ...] = ()


class Probed(Event, tag="probed", frozen=True):
    """The probe of a reward before training, and the verdict."""

    probe: Probe
    verdict: Verdict


class LookedFirst(Event, tag="looked", frozen=True):
    """The preview of a run."""

    look: FirstLook


class Changed(Event, tag="changed", frozen=True):
    """Live settings took effect at this step: a person's change, or a reward file that was saved again (request 0).

    `reward_source` is the text of a changed Python reward; `info` is the run as it is now.
    """

    settings: Changes
    step: int
    reward_source: str = ""
    info: RunInfo | None = None


class JobNamed(Event, tag="job_named", frozen=True):
    """The job trains the stored run of this name."""

    run: str


class JobPreparing(Event, tag="job_preparing", frozen=True):
    """What the job prepares, in words."""

    message: str


class JobOutput(Event, tag="job_output", frozen=True):
    """What the job printed on one of its streams."""

    stream: Literal["stdout", "stderr"]
    data: bytes


class JobEnded(Event, tag="job_ended", frozen=True):
    """The job has ended with an exit status: None if it died without one, or if there is none."""

    status: int | None


class FilePart(Event, tag="file_part", frozen=True):
    """A part of a file."""

    data: bytes
    last: bool


class Log(Event, tag="log", frozen=True):
    """A line that training code or a person's reward printed."""

    line: str


class Notice(Event, tag="notice", frozen=True):
    """A notice for the person, as a text's code with its values; training continues."""

    code: str
    values: Mapping[str, Any] = {}

    @property
    def message(self) -> str:
        """The notice in words."""
        return text_of(self.code, self.values)


class ErrorEvent(Event, frozen=True):
    """An error with its code and values; its words are made where they are shown."""

    code: str
    values: Mapping[str, Any] = {}

    @property
    def reason(self) -> Coded:
        """What was wrong, as a text's code with its values."""
        return error_text(self.code, self.values)

    @property
    def problem(self) -> str:
        """What was wrong."""
        return error_problem(self.code, self.values)

    @property
    def remedy(self) -> str:
        """What would be right, empty for none."""
        return error_remedy(self.code, self.values)


class Refused(ErrorEvent, tag="refused", frozen=True):
    """A command was refused, or (`saved_reward`) a reward file that was saved with an error; the run is unchanged.

    `field` is the refused setting, empty if it is not a single one. `line` is the line of a person's reward at which it
    failed (0: unknown), `given` the input for which it did.
    """

    field: str = ""
    line: int = 0
    given: Given = None
    saved_reward: bool = False


class Failed(ErrorEvent, tag="failed", frozen=True):
    """The run failed at `step`; it can be resumed from the checkpoint at `checkpoint_step`, if that is not None.

    `reward` is the reward or measure that failed, at `line` of its source (0: unknown), for the input `given`; it is
    empty if something else failed.
    """

    details: str = ""
    run: str = ""
    step: int = 0
    checkpoint_step: int | None = None
    reward: str = ""
    line: int = 0
    given: Given = None


Answers = StepInspected | Mapped | PromptsListed | Saved | Written | Probed | LookedFirst | Changed
JobEvent = JobNamed | JobPreparing | JobOutput | JobEnded | FilePart
AnyEvent = JobEvent | Ready | StateChanged | Snapshot | Answers | Log | Notice | Refused | Failed
