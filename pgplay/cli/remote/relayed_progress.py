"""A job's progress: the newest of it in a file, for whoever looks on."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import Self

from pgplay.cli.output import note
from pgplay.learning.reports.step_report import StepReport
from pgplay.worker.protocol.events import JobPreparing, Snapshot
from pgplay.worker.protocol.records import SecondsLeft
from pgplay.worker.server.jobs import Job

_INTERVAL = 0.1  # seconds


class RelayedProgress:
    """Writes the newest progress as an event of the protocol, at most ten times a second."""

    def __init__(self, folder: str) -> None:
        self._job = Job(Path(folder))
        self._last = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def begin(self, run: str) -> None:
        """Note which run it is."""
        self._job.name_run(run)

    def prepare(self, message: str) -> None:
        """Write the message."""
        self._job.show(JobPreparing(message=message))

    def show(self, report: StepReport, share: float | None, seconds_left: SecondsLeft | None) -> None:
        """Write the newest step, if the last one is old enough."""
        now = time.monotonic()
        if now - self._last >= _INTERVAL:
            self._last = now
            self._job.show(Snapshot(report=report, rows=(), progress=share, seconds_left=seconds_left))

    def say(self, line: str) -> None:
        """Print a line."""
        note(line)
