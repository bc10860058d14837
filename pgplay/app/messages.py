"""What widgets tell the app. Each is small and carries what it needs; the app alone acts on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from textual.message import Message

from pgplay.worker.protocol.messages import Event


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
class SetupChanged(Message):
    """The setup says something else now; `settings` is None while something in it is wrong."""

    settings: dict[str, Any] | None
    parameters: int | None = None


class LooksChanged(Message):
    """The theme or the signs are others now: what a screen drew by the ones before is to be drawn anew."""


Part = Literal["texts", "large", "small"]
"""A part of the main screen that is drawn in one frame: all but the plots, the large plot, the small ones."""


@dataclass
class StateShown(Message):
    """The state changed: whoever shows it should look again. Only the main screen has parts."""

    part: Part


PARTS: tuple[Part, ...] = ("texts", "large", "small")
