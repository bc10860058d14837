"""The messages between the app and its worker: one JSON object per line, tagged, versioned and validated.

The app sends commands, the worker sends events. Unknown tags and wrong types are refused by `decode_command` and
`decode_event` with a ProtocolError; the first event, Ready, carries the version, and a client refuses another one.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError, PgplayError
from pgplay.learning.reports.step_detail import PolicyMap, StepDetail
from pgplay.learning.reports.step_report import Finding, PromptSheet, Sample, StepReport, Trace
from pgplay.locale.catalog import error_problem, error_remedy
from pgplay.rewards.probe.probe import Probe
from pgplay.rewards.probe.verdict import Verdict
from pgplay.rewards.spec import RewardSpec
from pgplay.worker.protocol.records import Device, EndCause, RunInfo, RunState

VERSION = 4
MAXIMUM_LINE = 16 * 1024 * 1024

Given = tuple[str, str, str] | None
"""A text, its target and its prompt, for which a reward failed; None where it failed before it was given any."""


class ProtocolError(PgplayError):
    """A line that is no message of this version of the protocol; `request` is its number where that can be read."""

    def __init__(self, code: str, *, request: int = 0, **values: Any) -> None:
        super().__init__(code, **values)
        self.request = request


class Command(msgspec.Struct, frozen=True, tag_field="command", kw_only=True):
    """A command of the app; the answer carries the same `request`."""

    request: int = 0


class Start(Command, tag="start", frozen=True):
    """Begin a run of `config`; a run that is there is stopped and kept.

    With `paused` the run is built but not begun, so that one step can be made at a time. `rewards` holds the reward and
    the measures that are Python: only what the person wrote or allowed runs, and no file is read for them.
    """

    config: RunConfig
    paused: bool = False
    rewards: tuple[RewardSpec, ...] = ()


class Resume(Command, tag="resume", frozen=True):
    """Go on: with the paused run, or with the stored run named `run` from its last checkpoint.

    With `at`, a step that has a checkpoint, a branch is made: a new run that goes on from there. With `paused` the run
    is only brought back, so that settings can be changed before its next step. `rewards` are the stored run's own, as
    far as the person has allowed their Python now.
    """

    run: str = ""
    at: int | None = None
    paused: bool = False
    rewards: tuple[RewardSpec, ...] = ()


class Pause(Command, tag="pause", frozen=True):
    """Pause at the next step boundary and write a checkpoint."""


class Step(Command, tag="step", frozen=True):
    """Go on and pause after `count` steps, when `until` (solved, reward>=0.9) is reached, or after `seconds`.

    Whichever comes first counts; None and an empty `until` stand for what is not asked for.
    """

    count: int | None = 1
    until: str = ""
    seconds: float | None = None


class Pace(Command, tag="pace", frozen=True):
    """Let each step take at least so many seconds, in slow motion; 0 is full speed. It holds for later runs too."""

    seconds: float


class InspectStep(Command, tag="dissect", frozen=True):
    """Record the next step in full; a paused run makes one step. Answered by Dissected."""


class Map(Command, tag="map", frozen=True):
    """Tell what the present policy would write, position by position. Answered by Mapped."""


class ListPrompts(Command, tag="prompts", frozen=True):
    """Tell what the present policy would write for each prompt, and what that earns. Answered by PromptsListed."""


class Stop(Command, tag="stop", frozen=True):
    """End the run; its policy stays loaded for saving and sampling."""


class Reset(Command, tag="reset", frozen=True):
    """Discard the run's policy; the stored run stays. Ends in the state idle."""


class Change(Command, tag="change", frozen=True):
    """Change live settings (RunConfig fields marked live) at the next step boundary.

    `rewards` holds the reward among them where it is Python. A reward is tried on the newest samples first: one that
    fails is refused.
    """

    settings: dict[str, Any]
    rewards: tuple[RewardSpec, ...] = ()


class Save(Command, tag="save", frozen=True):
    """Save the run's present policy to the library."""

    name: str
    replace: bool = False


class Write(Command, tag="write", frozen=True):
    """Write with a policy: a saved one, or with an empty name the run's present one.

    It writes by the density that it was trained with; a `temperature` replaces that one's.
    """

    policy: str = ""
    prompt: str = ""
    count: int = 1
    temperature: float | None = None
    greedy: bool = False
    seed: int | None = None


class ProbeReward(Command, tag="probe", frozen=True):
    """Look at a reward before training, on what the untrained policy of a run of `config` writes.

    A run that goes on waits meanwhile, for some seconds. `rewards` holds the reward where it is Python.
    """

    config: RunConfig
    rewards: tuple[RewardSpec, ...] = ()


class Quit(Command, tag="quit", frozen=True):
    """Write a checkpoint and exit."""


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
    """The run is in another state: `message` says why, `cause` as a code. `info` comes when a run was built."""

    state: RunState
    message: str = ""
    step: int = 0
    info: RunInfo | None = None
    cause: EndCause = ""


class Snapshot(Event, tag="snapshot", frozen=True):
    """The newest step, and the metrics of every step since the last snapshot; at most ten a second, latest wins.

    `rows` are (step, metrics), and `traces` (step, trace) of as many of them as can be drawn. `findings` are diagnoses
    in words, empty while all is well. `progress` is the share of the way to the goal and `seconds_left` the forecast,
    each None where there is nothing to go by.
    """

    report: StepReport
    rows: tuple[tuple[int, dict[str, float]], ...]
    traces: tuple[tuple[int, Trace], ...] = ()
    findings: tuple[Finding, ...] = ()
    progress: float | None = None
    seconds_left: float | None = None
    characters_per_second: float = 0.0


class StepInspected(Event, tag="dissected", frozen=True):
    """A step was made and recorded in full."""

    anatomy: StepDetail


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
    """The texts that a policy wrote; a sample's target and reward say something only where `scored_by` names a reward.

    It is empty where the prompt is not of the policy's task, or where scoring would run a person's Python that came
    with a saved policy.
    """

    policy: str
    samples: tuple[Sample, ...]
    scored_by: str = ""


class Probed(Event, tag="probed", frozen=True):
    """What was found about a reward before training, and the verdict."""

    probe: Probe
    verdict: Verdict


class Changed(Event, tag="changed", frozen=True):
    """Live settings took effect at this step: a person's change, or a reward file that was saved again (request 0).

    `reward_source` is the text of a Python reward where `settings` hold the reward; `info` is the run as it is now.
    """

    settings: dict[str, Any]
    step: int
    reward_source: str = ""
    info: RunInfo | None = None


class Log(Event, tag="log", frozen=True):
    """A line that training code or a person's reward printed."""

    line: str


class Notice(Event, tag="notice", frozen=True):
    """A notice for the person; training continues."""

    message: str


class ErrorEvent(Event, frozen=True):
    """An error with its code and values; its words are made where they are shown."""

    code: str
    values: dict[str, Any] = {}

    @property
    def problem(self) -> str:
        """What was wrong."""
        return error_problem(self.code, self.values)

    @property
    def remedy(self) -> str:
        """What would be right, empty where there is nothing to say."""
        return error_remedy(self.code, self.values)


class Refused(ErrorEvent, tag="refused", frozen=True):
    """What could not be done, what would be right; the run is as it was.

    It answers a command, or tells (`saved_reward`) of a reward file that was saved with a mistake in it. `line` is the
    line of a person's reward at which it failed (0: unknown), `given` the text, target and prompt for which it did.
    """

    line: int = 0
    given: Given = None
    saved_reward: bool = False


class Failed(ErrorEvent, tag="failed", frozen=True):
    """The run failed at `step`; it can be resumed from the checkpoint at `checkpoint_step` where that is not None.

    `reward` is the reward or measure that failed, at `line` of its source (0: unknown), for the text, target and prompt
    that it was `given`; it is empty where something else failed.
    """

    details: str = ""
    run: str = ""
    step: int = 0
    checkpoint_step: int | None = None
    reward: str = ""
    line: int = 0
    given: Given = None


Steering = Start | Resume | Pause | Step | Pace | Stop | Reset | Change | Save | Quit
AnyCommand = Steering | InspectStep | Map | ListPrompts | Write | ProbeReward
Answers = StepInspected | Mapped | PromptsListed | Saved | Written | Probed | Changed
AnyEvent = Ready | StateChanged | Snapshot | Answers | Log | Notice | Refused | Failed

Message = TypeVar("Message")

_encoder = msgspec.json.Encoder()
_commands: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)
_events: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def encode(message: Command | Event) -> bytes:
    """Return `message` as one line, its newline included."""
    return _encoder.encode(message) + b"\n"


def decode_command(line: bytes) -> AnyCommand:
    """Return the command in `line`; raises ProtocolError."""
    return _decode(_commands, line)


def decode_event(line: bytes) -> AnyEvent:
    """Return the event in `line`; raises ProtocolError."""
    return _decode(_events, line)


def _decode(decoder: msgspec.json.Decoder[Message], line: bytes) -> Message:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InputError) as error:
        raise ProtocolError(
            "protocol.no_message", request=_request_of(line), version=VERSION, reason=str(error)
        ) from error


class Numbered(msgspec.Struct):
    """What every message has, whatever else is wrong with it."""

    request: int = 0


def _request_of(line: bytes) -> int:
    try:
        return msgspec.json.decode(line, type=Numbered).request
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0
