"""A worker that outlives its link: its run is a job, which other machines find by the run's name.

As long as the link holds, its events go to the app. When it breaks, the run trains on and is shown by the job alone.
"""

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


class StayingOutbox:
    """Events of a worker that stays: to the app's `outbox`, and the newest step to whoever looks on at its job.

    `on_interrupt` is called when someone ends the run, or takes it over.
    """

    def __init__(self, outbox: EventSink, on_interrupt: Callable[[], None]) -> None:
        self._outbox = outbox
        self._on_interrupt = on_interrupt
        self._is_alone = False
        self._status = 0
        self._job: Job | None = None
        self._next = 0.0

    def register(self, run: str) -> None:
        """Make this process the job that trains `run`, and no longer another run."""
        if self._job is None:
            self._job = Job.of_worker()
            signal.signal(signal.SIGINT, self._interrupt)
        self._job.name_run(run)

    def go_alone(self) -> None:
        """Do without the app, whose link broke: how the run ends is printed, into the job."""
        assert self._job is not None, "what trains is registered"
        self._job.leave_link()
        self._is_alone = True

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._status = STOPPED
        self._on_interrupt()

    def send(self, event: Event) -> None:
        """Send `event` to the app, or print how the run ended."""
        if not self._is_alone:
            self._outbox.send(event)
            return
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
        if not self._is_alone:
            self._outbox.post(snapshot)

    def finish(self) -> None:
        """Note how the job ended, if it was one; what the app saw of it needs nobody else."""
        if self._job is None:
            return
        sys.stderr.flush()
        self._job.finish(self._status)
        if not self._is_alone:
            self._job.forget()


def detach_streams() -> None:
    """Let what is printed go nowhere: a broken pipe would end training."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
