"""What screens, widgets and the worker ask of the app or report to it; each message carries all that it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from textual.message import Message

from pgplay.app.rewards.draft import Draft
from pgplay.worker.protocol.events import Event


@dataclass
class WorkerSpoke(Message):
    """The worker told something."""

    event: Event


@dataclass
class WorkerEnded(Message):
    """The worker is gone without having been asked to."""

    returncode: int
    log_tail: str


@dataclass
class WorkerEvent(Message):
    """What the worker reported, for the screen to show; the app shows what no screen stops."""

    event: Event


@dataclass
class WorkerExit(Message):
    """The worker has ended by itself; like a WorkerEvent, it is the screen's first and then the app's to show."""

    returncode: int
    log_tail: str


@dataclass
class RewardApplied(Message):
    """The run trains with `draft` now, or will; `report` says since when and where it is kept."""

    draft: Draft
    report: str


@dataclass
class RewardSaved(Message):
    """Another program saved the reward's file, and the run took it: its text is `draft` now."""

    draft: Draft
    report: str


@dataclass
class SetupChanged(Message):
    """The setup says something else now; `settings` is None while something in it is wrong."""

    settings: dict[str, Any] | None
    parameters: int | None = None


class SetupTyped(Message):
    """The person changed a field of the setup, which is not checked yet."""


@dataclass
class ResumeRun(Message):
    """A stored run is to be continued from its last checkpoint."""

    run: str


@dataclass
class BranchRun(Message):
    """A new run is to continue from a stored one at this step."""

    run: str
    step: int


@dataclass
class OpenTimeTravel(Message):
    """A stored run is to be shown as it was at any step."""

    run: str


@dataclass
class CompareRuns(Message):
    """These runs are to be shown in one plot; a single one with its branches and its like."""

    runs: tuple[str, ...]


@dataclass
class WriteForPrompt(Message):
    """The run's policy is to be sampled for this prompt."""

    prompt: str


class LooksChanged(Message):
    """The theme or the signs are others now: what a screen drew by the ones before is to be drawn anew."""


Part = Literal["texts", "large", "small"]
"""A part of the main screen that is drawn in one frame: all but the plots, the large plot, the small ones."""


@dataclass
class StateShown(Message):
    """The state changed: whoever shows it should look again. Only the main screen has parts."""

    part: Part


PARTS: tuple[Part, ...] = ("texts", "large", "small")
