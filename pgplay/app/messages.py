"""Messages from screens, widgets and the worker to the app; each carries everything it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from textual.message import Message

from pgplay.app.rewards.draft import Draft
from pgplay.worker.protocol.events import Event


@dataclass
class WorkerSpoke(Message):
    """The worker sent an event."""

    event: Event


@dataclass
class WorkerEnded(Message):
    """The worker process ended unexpectedly."""

    returncode: int
    log_tail: str


@dataclass
class WorkerEvent(Message):
    """An event for the uppermost screen; the app shows it unless a screen stops it."""

    event: Event


@dataclass
class WorkerExit(Message):
    """The worker process ended unexpectedly, for the uppermost screen first, as a WorkerEvent is."""

    returncode: int
    log_tail: str


@dataclass
class RewardApplied(Message):
    """The run trains with `draft`; `report` says from which step on and where it is kept."""

    draft: Draft
    report: str


@dataclass
class RewardSaved(Message):
    """The reward's file was saved by another program and the run trains with it: `draft`."""

    draft: Draft
    report: str


@dataclass
class SetupChanged(Message):
    """The setup changed; `settings` is None while it has an error."""

    settings: dict[str, Any] | None
    parameters: int | None = None


class SetupTyped(Message):
    """The person changed a field of the setup, which is not checked yet."""


@dataclass
class PresetChosen(Message):
    """The person chose a preset; the setup shows it once the app has loaded it."""

    name: str


@dataclass
class ResumeRun(Message):
    """Resume a stored run from its last checkpoint."""

    run: str


@dataclass
class BranchRun(Message):
    """Branch from a stored run at a checkpoint."""

    run: str
    step: int


@dataclass
class OpenTimeTravel(Message):
    """Open a stored run at any of its steps."""

    run: str


@dataclass
class OpenSweep(Message):
    """Show a stored sweep."""

    sweep: str


@dataclass
class NewSweep(Message):
    """Ask what to vary of these settings of a stored run, and train that with several seeds."""

    settings: dict[str, Any]
    run: str


@dataclass
class CompareRuns(Message):
    """Show these runs in one plot; a single one with its relatives."""

    runs: tuple[str, ...]


@dataclass
class WriteForPrompt(Message):
    """Sample from the run's policy for this prompt."""

    prompt: str


ScreenRequest = (
    PresetChosen | ResumeRun | BranchRun | OpenTimeTravel | OpenSweep | NewSweep | CompareRuns | WriteForPrompt
)
"""What a screen asks of the run or of a stored one."""


class LooksChanged(Message):
    """The theme or character set changed; redraw."""


Part = Literal["texts", "large", "small"]
"""A part of the main screen that is drawn in one frame: all but the plots, the large plot, the small ones."""


@dataclass
class StateShown(Message):
    """The state changed; redraw. Only the main screen has parts."""

    part: Part


PARTS: tuple[Part, ...] = ("texts", "large", "small")
