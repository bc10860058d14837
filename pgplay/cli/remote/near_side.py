"""The near side of `--engine ssh:HOST`: runs a command line there, and prints here what it prints."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from shlex import quote
from typing import NamedTuple, NoReturn

from pgplay.cli.output import note, page_width, say
from pgplay.cli.remote.printing import FarPrinter
from pgplay.cli.signals import INTERRUPTED
from pgplay.errors import InputError, PgplayError, coded
from pgplay.locale.catalog import text_of
from pgplay.worker.client.sent_files import NamedFile
from pgplay.worker.client.ssh import FAR_COMMANDS, SshClient, ssh_failure, version_failure
from pgplay.worker.protocol.commands import (
    AttachJob,
    FetchPolicy,
    ForgetJob,
    InterruptJob,
    RunJob,
)
from pgplay.worker.protocol.events import (
    AnyEvent,
    Failed,
    FilePart,
    JobEnded,
    JobNamed,
    JobOutput,
    JobPreparing,
    Ready,
    Refused,
    Snapshot,
)
from pgplay.worker.protocol.reported_errors import reported_error

_ATTACHING = 1
"""The number of the request to attach."""
_LAST_SECONDS, _AT_ONCE = 5.0, 0.5
PATIENCE = 30.0
"""Seconds after which a machine that has not answered is said to be slow: a start file may wait for an input."""
_MOST_INTERRUPTIONS = 2  # as many as a training command heeds; with the next one this side leaves at once


class FarCommand(NamedTuple):
    """A command line for another machine.

    `files` are those that its `words` name there. One that `stays` outlives the link. With `attach`, a run, the job
    that trains it is followed if there is one; `words` then run only where there is none. `only_looks`: Ctrl-C leaves
    the job alone, by default that of the newest run. The policy called `fetch` is brought here at the end, into the
    library or the file `fetch_to`, in place of what is there if `replace`; without `words` that is all.
    """

    words: tuple[str, ...] = ()
    files: tuple[NamedFile, ...] = ()
    stays: bool = False
    attach: str = ""
    only_looks: bool = False
    fetch: str = ""
    fetch_to: str = ""
    replace: bool = False


class NotFetchedError(PgplayError):
    """A policy has not arrived because the person did not wait for it."""

    exit_status = INTERRUPTED


class LinkEnded(NamedTuple):
    """The ssh process ended with this code; `tail` is what it printed last."""

    code: int
    tail: str


class Interrupted(NamedTuple):
    """A signal came."""

    number: int


def run_far(host: str, command: FarCommand) -> int:
    """Run `command` on `host` and return its exit status; raises PgplayError where the link breaks or can't be made."""
    return asyncio.run(_NearSide(host, command).run())


class _NearSide:
    def __init__(self, host: str, command: FarCommand) -> None:
        self._host = host
        self._command = command
        self._events: asyncio.Queue[AnyEvent | LinkEnded | Interrupted] = asyncio.Queue()
        self._client = SshClient(
            self._events.put_nowait,
            lambda code, tail: self._events.put_nowait(LinkEnded(code, tail)),
            host,
            FAR_COMMANDS,
        )
        self._printer = FarPrinter()
        self._run = ""
        self._greeted = False
        self._has_job = False
        """Whether the far side has a job to interrupt, for all that is known here."""
        self._interruptions = 0

    async def run(self) -> int:
        if self._command.stays:
            self._printer.prepare(f"connecting to {self._host}…")
        waiting = asyncio.get_running_loop().call_later(PATIENCE, self._tell_waiting)
        try:
            with self._signals():
                await self._client.start()
                try:
                    return await self._follow()
                finally:
                    self._printer.finish()
                    await self._client.close(_LAST_SECONDS if self._greeted else _AT_ONCE)
        finally:
            waiting.cancel()
            self._printer.finish()

    def _tell_waiting(self) -> None:
        if not self._greeted:
            note(text_of("ssh.waiting", {"host": self._host}))

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Receive signals as events; restores the former handlers at the end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]

        def receive(number: int, frame: object) -> None:
            loop.call_soon_threadsafe(self._events.put_nowait, Interrupted(number))

        former = {number: signal.signal(number, receive) for number in numbers}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)

    async def _follow(self) -> int:
        """Print what happens until the command has ended; returns its exit status."""
        while True:
            match await self._events.get():
                case Ready():
                    self._greeted = True
                    if self._command.fetch_to:
                        await self._fetch(self._command.fetch)
                        return 0
                    self._begin()
                case JobNamed(run=run):
                    self._run, self._has_job = run, True
                case JobPreparing(message=message):
                    self._printer.prepare(message)
                case Snapshot(report=report, progress=share, seconds_left=seconds_left):
                    self._printer.show(report, share, seconds_left)
                case JobOutput(stream=stream, data=data):
                    self._printer.output(stream, data)
                case JobEnded(request=request) if request == _ATTACHING:
                    self._run_job()
                case JobEnded(status=status):
                    return await self._finish(status)
                case Failed() | Refused() as event:
                    self._fail(event)
                case LinkEnded() as end:
                    self._lose(end)
                case Interrupted(number=number):
                    if self._leaves(number):
                        return INTERRUPTED
                case _:
                    pass

    def _begin(self) -> None:
        if self._command.attach or self._command.only_looks:
            self._client.send(AttachJob(run=self._command.attach, request=_ATTACHING))
        else:
            self._run_job()

    def _run_job(self) -> None:
        command = self._command
        if not command.words:
            code = "ssh.no_job" if command.attach else "ssh.no_jobs"
            raise InputError(code, host=self._host, run=command.attach)
        for file in command.files:
            for part in file.parts():
                self._client.send(part)
        engine = f"ssh:{self._host}"
        self._has_job = True
        self._client.send(RunJob(words=command.words, engine=engine, columns=page_width(), stays=command.stays))

    async def _finish(self, status: int | None) -> int:
        """Fetch what is to be fetched, and let the far side forget the job."""
        self._printer.finish()
        has_stopped_at_once = self._interruptions > 1
        if status is None and not has_stopped_at_once:
            self._forget()
            raise PgplayError("ssh.job_died", host=self._host)
        has_saved = status == 0 or (status == INTERRUPTED and self._run and not has_stopped_at_once)
        if self._command.fetch and has_saved:
            await self._fetch(self._command.fetch)
        self._forget()
        return INTERRUPTED if status is None else status

    def _forget(self) -> None:
        """Let the far side forget the job, unless its end is for somebody else to read."""
        if not self._command.only_looks:
            self._client.send(ForgetJob())

    async def _fetch(self, name: str) -> None:
        """Bring the policy called `name` here."""
        from pgplay.files.atomic import write_atomically
        from pgplay.library.archive import export_place, import_archive

        file, replace = self._command.fetch_to, self._command.replace
        place = export_place(name, file, replace, "advice.replace") if file else None
        content = await self._receive(name)
        if place is not None:
            write_atomically(place, content)
            say(place)
            return
        import_archive(content, name, overwrite=replace, host=self._host)
        note(text_of("ssh.kept_here", {"name": name}))

    async def _receive(self, name: str) -> bytes:
        """Return the file of the policy called `name`."""
        self._client.send(FetchPolicy(name=name))
        parts = []
        while True:
            match await self._events.get():
                case FilePart(data=data, last=last):
                    parts.append(data)
                    if last:
                        return b"".join(parts)
                case Failed() | Refused() as event:
                    self._fail(event)
                case LinkEnded() as end:
                    reason = self._failure(end).reason
                    raise PgplayError("ssh.not_fetched", name=name, host=self._host, reason=reason)
                case Interrupted():
                    reason = coded("ssh.interrupted")
                    raise NotFetchedError("ssh.not_fetched", name=name, host=self._host, reason=reason)
                case _:
                    pass

    def _leaves(self, number: int) -> bool:
        """Pass on a signal; returns whether this side leaves now."""
        is_hangup = number == getattr(signal, "SIGHUP", None)
        self._interruptions += 1
        if self._has_job and not self._command.only_looks and not is_hangup:
            self._client.send(InterruptJob())
            return self._interruptions > _MOST_INTERRUPTIONS
        self._printer.finish()
        if self._command.only_looks and self._run:
            host = self._host
            note(f"{self._run} trains on. To end it: pgplay runs stop {quote(self._run)} --engine ssh:{host}")
        elif not is_hangup:
            note("Interrupted.")
        return True

    def _fail(self, event: Failed | Refused) -> NoReturn:
        if failure := version_failure(self._host, event):
            raise failure
        error = reported_error(event)
        raise type(error)("ssh.there", cause=error, host=self._host) if isinstance(event, Refused) else error

    def _failure(self, end: LinkEnded) -> PgplayError:
        return ssh_failure(self._host, end.code, end.tail, greeted=self._greeted)

    def _lose(self, end: LinkEnded) -> NoReturn:
        error = self._failure(end)
        if not self._greeted or not self._command.stays:
            raise error
        lost_run = "ssh.lost_sweep" if self._command.words[:1] in (("compare",), ("sweep",)) else "ssh.lost_run"
        code = lost_run if self._run else "ssh.lost_start"
        raise PgplayError(code, cause=error, host=self._host, run=self._run)
