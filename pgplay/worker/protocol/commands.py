"""What the app asks of its worker: the commands of the protocol."""

from __future__ import annotations

import msgspec

from pgplay.config.changes import Changes
from pgplay.config.run_config import RunConfig
from pgplay.rewards.spec import RewardSpec


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
    """Change live settings at the next step boundary.

    `rewards` holds the reward among them where it is Python. A reward is tried on the newest samples first: one that
    fails is refused.
    """

    settings: Changes
    rewards: tuple[RewardSpec, ...] = ()


class Save(Command, tag="save", frozen=True):
    """Save the run's present policy to the library."""

    name: str
    replace: bool = False


class Write(Command, tag="write", frozen=True):
    """Write with a policy: a saved one, or with an empty name the run's present one.

    It writes by the density that it was trained with; a `temperature` replaces that one's. Where the policy has a base
    or a reference, that one writes the same way with the same seed.
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


class LookFirst(Command, tag="look", frozen=True):
    """Look at what a run of `config` would begin with, and what a step of it would cost. Answered by LookedFirst.

    A run that goes on waits meanwhile, for some seconds. `rewards` holds the reward where it is Python.
    """

    config: RunConfig
    rewards: tuple[RewardSpec, ...] = ()


class Quit(Command, tag="quit", frozen=True):
    """Write a checkpoint and exit."""


Steering = Start | Resume | Pause | Step | Pace | Stop | Reset | Change | Save | Quit
AnyCommand = Steering | InspectStep | Map | ListPrompts | Write | ProbeReward | LookFirst
