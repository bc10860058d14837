"""`pgplay worker --commands`: the far side of `--engine ssh:HOST`. Runs jobs, and reports what they print; no torch.

It ends with the link. A job that stays trains on, and another service reports it when it is asked for.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

from pgplay.errors import PgplayError
from pgplay.worker.protocol.codec import PART_BYTES, PROTOCOL_VERSION, ProtocolError, decode_event
from pgplay.worker.protocol.commands import AttachJob, ForgetJob, InterruptJob, Quit, RunJob
from pgplay.worker.protocol.events import JobEnded, JobNamed, JobOutput, JobPreparing, Ready, Snapshot
from pgplay.worker.protocol.release import version_of
from pgplay.worker.server.error_events import refusal
from pgplay.worker.server.exchange import file_commands
from pgplay.worker.server.inbox import Inbox, LinkLost, Message, read_commands
from pgplay.worker.server.jobs import PROGRESS, STDERR, STDOUT, Job, delete_old_jobs, find_job
from pgplay.worker.server.outbox import Outbox
from pgplay.worker.server.standard_streams import take_streams, write_all

_INTERVAL = 0.05  # seconds between looks at a job's files
_HISTORY = 8  # lines about what a person may have missed


def serve() -> int:
    """Serve one near side on standard input and output until it says Quit or goes away."""
    streams = take_streams()
    signal.signal(signal.SIGINT, _heed_none)  # Ctrl-C comes as a message; to ignore the signal, jobs would inherit
    inbox = Inbox()
    outbox = Outbox(partial(write_all, streams.events), on_broken=lambda: inbox.put(Quit()))
    read_commands(streams.commands, inbox)
    versions = {"pgplay": version_of("pgplay")}
    outbox.send(Ready(protocol=PROTOCOL_VERSION, pid=os.getpid(), versions=versions, devices=(), seconds=0.0))
    delete_old_jobs()
    CommandService(inbox, outbox).serve()
    outbox.close()
    return 0


def _heed_none(number: int, frame: FrameType | None) -> None:
    """Do nothing at a signal."""


class CommandService:
    """Obeys commands, with at most one job in view."""

    def __init__(self, inbox: Inbox, outbox: Outbox) -> None:
        self._inbox = inbox
        self._outbox = outbox
        self._view: JobView | None = None
        self._obey: dict[type, Callable[[Any], object]] = {
            **file_commands(outbox.send),
            RunJob: lambda command: self._look_at(Job.start(command)),
            AttachJob: self._attach,
            InterruptJob: lambda command: self._job.signal(signal.SIGINT),
            ForgetJob: lambda command: self._job.forget(),
        }

    def serve(self) -> None:
        """Obey until Quit; a job that does not stay ends then too."""
        while True:
            is_watching = self._view is not None and not self._view.is_over
            message = self._inbox.take(patience=_INTERVAL if is_watching else None)
            if isinstance(message, Quit | LinkLost):
                break
            if message is not None:
                self._answer(message)
            if self._view is not None:
                self._view.report()
        if self._view is not None and not self._view.is_over and not self._view.job.command.stays:
            self._view.job.end()

    @property
    def _job(self) -> Job:
        assert self._view is not None, "a near side asks only about its own job"
        return self._view.job

    def _answer(self, message: Message) -> None:
        try:
            if isinstance(message, ProtocolError):
                raise message
            self._obey[type(message)](message)
        except PgplayError as error:
            self._outbox.send(refusal(error, message.request))

    def _look_at(self, job: Job) -> JobView:
        self._view = JobView(job, self._outbox)
        return self._view

    def _attach(self, command: AttachJob) -> None:
        job = find_job(command.run)
        if job is None:
            self._outbox.send(JobEnded(status=None, request=command.request))
            return
        self._look_at(job).report_name()
        lines = "".join(f"{line}\n" for line in _history(job.run))
        self._outbox.send(JobOutput(stream="stderr", data=lines.encode()))


def _history(run: str) -> list[str]:
    """Return a few steps of a run from its beginning, one per line; none of a sweep, whose job prints each end."""
    from pgplay.cli.progress import facts_of_step
    from pgplay.experiments.sweeps import is_sweep
    from pgplay.runs.database_reader import DatabaseReader

    if is_sweep(run):
        return []
    with DatabaseReader.open(run) as store:
        last = store.progress().steps
        steps = sorted({1 + (last - 1) * number // (_HISTORY - 1) for number in range(_HISTORY)}) if last else []
        return [facts_of_step(step, store.row(step), store.samples(step)) for step in steps]


class JobView:
    """What has been reported of a job, and what is new."""

    def __init__(self, job: Job, outbox: Outbox) -> None:
        self.job = job
        self.is_over = False
        self._outbox = outbox
        self._streams = {name: (job.folder / name).open("rb") for name in (STDERR, STDOUT)}
        self._progress = b""
        self._run = ""

    def report(self) -> None:
        """Send what the job has printed since the last report, its progress, and its end."""
        if self.is_over:
            return
        has_ended = not self.job.is_running  # asked first: what it printed before is read below
        self.report_name()
        if not has_ended:
            self._report_progress()
        for name, file in self._streams.items():
            self._report_output(name, file)
        if has_ended:
            self.is_over = True
            for file in self._streams.values():
                file.close()
            self._outbox.send(JobEnded(status=self.job.status))

    def report_name(self) -> None:
        """Send the name of the run that it trains, once there is one."""
        if not self._run and (run := self.job.run):
            self._run = run
            self._outbox.send(JobNamed(run=run))

    def _report_progress(self) -> None:
        try:
            progress = Path(self.job.folder / PROGRESS).read_bytes()
        except FileNotFoundError:
            return
        if progress != self._progress:
            self._progress = progress
            event = decode_event(progress)
            if isinstance(event, Snapshot | JobPreparing):
                self._outbox.send(event)

    def _report_output(self, name: str, file: BinaryIO) -> None:
        while data := file.read(PART_BYTES):
            self.report_name()  # before what it has printed about its run, without which no lost link can be mended
            self._outbox.send(JobOutput(stream="stdout" if name == STDOUT else "stderr", data=data))
