"""A worker whose link broke: its run trains on as a job, which other machines find by the run's name."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Protocol

from pgplay.worker.protocol.events import Event, Failed, Snapshot, StateChanged
from pgplay.worker.server.jobs import Job
from pgplay.worker.server.outbox import SNAPSHOT_INTERVAL

STOPPED = 130
"""The exit status of a job that someone ended, as shells count Ctrl-C."""


class EventSink(Protocol):
    """Where a server's events go."""

    def send(self, event: Event) -> None:
        """Take an event."""

    def post(self, snapshot: Snapshot) -> None:
        """Take the newest step."""


GoAlone = Callable[[str], EventSink]
"""Lets this process train the run of that name on by itself; returns where its events go from then on."""


class Alone:
    """Events of a worker without an app: the newest step and how the run ended, for whoever looks on.

    `on_interrupt` is called when someone ends the run. Calling it with the run's name makes this process a job.
    """

    def __init__(self, on_interrupt: Callable[[], None]) -> None:
        self._on_interrupt = on_interrupt
        self._status = 0
        self._job: Job | None = None
        self._next = 0.0

    def __call__(self, run: str) -> EventSink:
        """Make this process the job that trains `run`."""
        signal.signal(signal.SIGINT, self._interrupt)
        self._job = Job.adopt(run)
        return self

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._status = STOPPED
        self._on_interrupt()

    def send(self, event: Event) -> None:
        """Print how the run ended."""
        match event:
            case Failed():
                self._status = 1
                sys.stderr.write(f"{event.problem} {event.remedy}".strip() + "\n")
            case StateChanged(state=state, message=message):
                sys.stderr.write(f"Step {event.step}: {message or state}\n")
            case _:
                pass

    def post(self, snapshot: Snapshot) -> None:
        """Show the newest step, at most ten a second."""
        if self._job is not None and time.monotonic() >= self._next:
            self._next = time.monotonic() + SNAPSHOT_INTERVAL
            self._job.show(snapshot)

    def finish(self) -> None:
        """Note how the job ended, if it was one."""
        if self._job is not None:
            sys.stderr.flush()
            self._job.finish(self._status)


def detach_streams() -> None:
    """Let what is printed go nowhere: a broken pipe would end training."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
