"""What passes between pgplay, its process that speaks to Ray, and the tasks on the nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from pgplay.cluster.shares import Share
from pgplay.learning.reports.step_report import StepReport
from pgplay.locale.catalog import Coded, error_text
from pgplay.runs.copies import PackedRun, RunChanges
from pgplay.worker.client.pool import RunOutcome
from pgplay.worker.protocol.commands import Resume, Start


class Train(msgspec.Struct, frozen=True, tag="train"):
    """Train the run of `command`, which takes `share` of a node."""

    number: int
    command: Start | Resume
    share: Share


class StopRuns(msgspec.Struct, frozen=True, tag="stop"):
    """End every run at its next step, kept with a checkpoint, and begin no other."""


class Connected(msgspec.Struct, frozen=True, tag="connected"):
    """Ray is there, with these nodes."""

    nodes: tuple[Share, ...]


class NotConnected(msgspec.Struct, frozen=True, tag="not_connected"):
    """Ray is not there, or can't be used: the error's code with its values."""

    code: str
    values: Mapping[str, Any]


class Told(msgspec.Struct, frozen=True, tag="told"):
    """A notice for the person."""

    code: str
    values: Mapping[str, Any]


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """Run `number` has begun, and is stored as `run`."""

    number: int
    run: str


class Advanced(msgspec.Struct, frozen=True, tag="advanced"):
    """The newest step of run `number`."""

    number: int
    report: StepReport
    progress: float | None


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """Run `number` has ended; without an outcome it never began."""

    number: int
    outcome: RunOutcome | None


Order = Train | StopRuns
ClusterAnswer = Connected | NotConnected | Told | Begun | Advanced | Ended


class RunInput(msgspec.Struct, frozen=True, kw_only=True):
    """What a task gets: the run to train, with all that it needs by value.

    `attempt` tells the messages of this task from those of an earlier one that was lost. `policies` are saved ones
    that the run names, each as an archive.
    """

    number: int
    attempt: int
    command: Start | Resume
    cores: int
    packed: PackedRun | None = None
    policies: Mapping[str, bytes] = {}


class NodeMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What a task sends back: how far the run is, what its folder has gained, and at last how it ended.

    `begun_at` is the step at which this task took the run up; None before it has begun.
    """

    number: int
    attempt: int
    begun_at: int | None = None
    report: StepReport | None = None
    progress: float | None = None
    changes: RunChanges | None = None
    outcome: RunOutcome | None = None


class TaskRefusal(NamedTuple):
    """Why a node cannot run pgplay's tasks: the code of an error with its values."""

    code: str
    values: Mapping[str, Any]

    @property
    def reason(self) -> Coded:
        """Why, as a text's code with its values."""
        return error_text(self.code, self.values)


_encoder = msgspec.json.Encoder()
order_decoder: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)
answer_decoder: msgspec.json.Decoder[ClusterAnswer] = msgspec.json.Decoder(ClusterAnswer)


def to_line(message: Order | ClusterAnswer) -> bytes:
    """Return `message` as one line."""
    return _encoder.encode(message) + b"\n"
