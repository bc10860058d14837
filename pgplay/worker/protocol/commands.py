"""The commands of the protocol, from the app to its worker."""

from __future__ import annotations

import msgspec

from pgplay.config.changes import Changes
from pgplay.config.run_config import RunConfig
from pgplay.learning.inputs import SentTexts
from pgplay.rewards.spec import RewardSpec

SENT = "\0sent\0"
"""In a job's words: the folder of the files that were sent, followed by /SHA-256/NAME."""


class Command(msgspec.Struct, frozen=True, tag_field="command", kw_only=True):
    """A command of the app; the answer carries the same `request`."""

    request: int = 0


class Start(Command, tag="start", frozen=True):
    """Begin a run of `config`; the present run is paused and kept.

    `name` is the run's, empty for one made of date and target. With `paused` the run is built but makes no step yet.
    `rewards` holds the reward and the measures that are Python: only Python that the person wrote or allowed runs, and
    no file is read for them. `sweep` is the identity of the stored sweep that the run belongs to, empty for a run of
    its own. `texts` are those of the files that `config` names, by value; None: the worker reads them.
    """

    config: RunConfig
    paused: bool = False
    rewards: tuple[RewardSpec, ...] = ()
    name: str = ""
    sweep: str = ""
    texts: SentTexts | None = None


class Resume(Command, tag="resume", frozen=True):
    """Resume the paused run, or the stored run named `run` from its last checkpoint.

    With `at`, a step that has a checkpoint, a branch is made: a new run that continues from there. With `paused` the
    run is loaded but makes no step yet. `rewards` are the stored run's own, with the Python that the person allowed.
    """

    run: str = ""
    at: int | None = None
    paused: bool = False
    rewards: tuple[RewardSpec, ...] = ()


class Pause(Command, tag="pause", frozen=True):
    """Pause at the next step boundary and write a checkpoint."""


class Step(Command, tag="step", frozen=True):
    """Continue, and pause after `count` steps, when `until` (solved, reward>=0.9) is reached, or after `seconds`.

    The first of them counts; None and an empty `until` set no end.
    """

    count: int | None = 1
    until: str = ""
    seconds: float | None = None


class Pace(Command, tag="pace", frozen=True):
    """Slow motion: the minimum duration of a step in seconds; 0 is full speed. It holds for later runs too."""

    seconds: float


class InspectStep(Command, tag="inspect_step", frozen=True):
    """Record the next step in full; a paused run makes one step. Answered by StepInspected."""


class Map(Command, tag="map", frozen=True):
    """Map the present policy's token probabilities, position by position. Answered by Mapped."""


class ListPrompts(Command, tag="prompts", frozen=True):
    """List the present policy's greedy completion of each prompt, with its reward. Answered by PromptsListed."""


class Stop(Command, tag="stop", frozen=True):
    """End the run; its policy stays loaded for saving and sampling."""


class Reset(Command, tag="reset", frozen=True):
    """Discard the run's policy; the stored run stays. Ends in the state idle."""


class Change(Command, tag="change", frozen=True):
    """Change live settings at the next step boundary.

    `rewards` holds a changed reward that is Python. A reward that fails on the newest samples is refused. `saved`: its
    file was saved, where the worker does not see it.
    """

    settings: Changes
    rewards: tuple[RewardSpec, ...] = ()
    saved: bool = False


class Save(Command, tag="save", frozen=True):
    """Save the run's present policy to the library."""

    name: str
    replace: bool = False


class Write(Command, tag="write", frozen=True):
    """Sample from a policy: a saved one, or with an empty name the run's present one.

    It samples from the density that it was trained with, at `temperature` if given. Its base or reference, if any,
    samples the same way with the same seed.
    """

    policy: str = ""
    prompt: str = ""
    count: int = 1
    temperature: float | None = None
    greedy: bool = False
    seed: int | None = None


class ProbeReward(Command, tag="probe", frozen=True):
    """Probe a reward before training, on completions of the untrained policy of a run of `config`.

    A training run waits meanwhile, for some seconds. `rewards` holds the reward if it is Python.
    """

    config: RunConfig
    rewards: tuple[RewardSpec, ...] = ()


class LookFirst(Command, tag="look", frozen=True):
    """Preview a run of `config`: what it would begin with, and the cost of a step. Answered by LookedFirst.

    A training run waits meanwhile, for some seconds. `rewards` holds the reward if it is Python.
    """

    config: RunConfig
    rewards: tuple[RewardSpec, ...] = ()


class SendFile(Command, tag="send_file", frozen=True):
    """Keep a part of a file by value; with the `last` part it is there, if its SHA-256 is right."""

    sha256: str
    name: str
    data: bytes
    last: bool


class RunJob(Command, tag="run_job", frozen=True):
    """Run a command line of pgplay as a job: a process that outlives the link if `stays`, else ends with it.

    `words` may name files that were sent (`SENT`). `columns` is the width to print in. `engine` is what the other side
    calls this machine, for the commands that a job advises.
    """

    words: tuple[str, ...]
    engine: str
    columns: int = 80
    stays: bool = False


class AttachJob(Command, tag="attach_job", frozen=True):
    """Report the job that trains the stored run `run`, or has trained it unseen, from its beginning.

    Answered by JobNamed, or by JobEnded without a status where there is no such job.
    """

    run: str


class InterruptJob(Command, tag="interrupt_job", frozen=True):
    """Interrupt the job as Ctrl-C does."""


class FetchPolicy(Command, tag="fetch_policy", frozen=True):
    """Send a saved policy as a file, in parts. Answered by FilePart."""

    name: str


class ListRuns(Command, tag="list_runs", frozen=True):
    """Send the list of the stored runs, as JSON. Answered by FilePart."""


class FetchRun(Command, tag="fetch_run", frozen=True):
    """Send a copy of a run, in parts. Answered by FilePart."""

    name: str


class ForgetJob(Command, tag="forget_job", frozen=True):
    """Let nobody attach to the ended job any more: what it printed has arrived."""


class Quit(Command, tag="quit", frozen=True):
    """Write a checkpoint and exit."""


Steering = Start | Resume | Pause | Step | Pace | Stop | Reset | Change | Save | Quit
JobCommand = SendFile | RunJob | AttachJob | InterruptJob | FetchPolicy | ListRuns | FetchRun | ForgetJob
AnyCommand = Steering | JobCommand | InspectStep | Map | ListPrompts | Write | ProbeReward | LookFirst
