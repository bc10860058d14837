"""Jobs: command lines of pgplay that run detached, for another machine, and what they print.

A job is a folder. Its process holds the lock and writes everything else: its streams, the newest progress, the name of
the run that it trains, and its exit status. So it outlives the link, and whoever attaches to it reads the same files.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import msgspec

from pgplay.errors import InputError, PgplayError
from pgplay.files.atomic import delete_folder, kept_folders, write_atomically
from pgplay.files.locks import FileLock
from pgplay.paths import jobs_folder, make_folder, sent_folder
from pgplay.worker.client.client import worker_environment
from pgplay.worker.protocol.codec import encode
from pgplay.worker.protocol.commands import SENT, RunJob
from pgplay.worker.protocol.events import Event

STDOUT, STDERR, PROGRESS = "stdout", "stderr", "progress"

_STATUS, _RUN, _LOCK, _PROCESS, _DESCRIPTION, _FORGOTTEN = "status", "run", "lock", "process", "job.json", "forgotten"
_RESERVE, _RESERVED = "reserve", 64 * 1024
_LINKED = "linked"
_INTERVAL = 0.05  # seconds
_PATIENCE = 10.0  # seconds; whoever asks whether a job runs holds its lock for an instant
_OLD = 30 * 24 * 3600  # seconds after which an ended job that nobody asked for is deleted
_FORGOTTEN_FOR = 60  # seconds after which a forgotten one is deleted: another machine may be reading its end


class Job:
    """The job in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(cls, command: RunJob) -> Self:
        """Start the process of `command` in a session of its own, without a terminal or an input.

        An interrupt that comes while the process starts is kept until it can obey.
        """
        job = cls(folder := _new_folder())
        try:
            job._describe(command)
            job.keep_reserve()
        except PgplayError:
            job.delete()
            raise
        with (folder / STDOUT).open("wb") as stdout, (folder / STDERR).open("wb") as stderr, _interrupts_kept():
            job._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "pgplay.cli.remote.job_process", str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                cwd=Path.home(),
                env=worker_environment(),
                start_new_session=True,
            )
        return job

    @classmethod
    def of_worker(cls) -> Self:
        """Make this process, the worker of an app elsewhere, a job; its streams are the app's until `leave_link`."""
        job = cls(_new_folder())
        for name in (STDOUT, STDERR, _LINKED):
            job._write(name, "")
        job.hold()
        job._describe(RunJob(words=("worker",), engine="", stays=True))
        return job

    def leave_link(self) -> None:
        """Take this process's streams from the app, whose link broke: from now on they are the job's."""
        for descriptor, name in ((1, STDOUT), (2, STDERR)):
            file = os.open(self.folder / name, os.O_WRONLY | os.O_APPEND)
            os.dup2(file, descriptor)
            os.close(file)
        (self.folder / _LINKED).unlink()

    @property
    def is_over_for_all(self) -> bool:
        """Whether nobody asks for it any more: what it printed has arrived, or it died with an app that saw it."""
        if (self.folder / _FORGOTTEN).exists():
            return True
        return (self.folder / _LINKED).exists() and not self.is_running

    @property
    def is_this_process(self) -> bool:
        """Whether this process is the job's."""
        return self._text(_PROCESS) == str(os.getpid())

    @property
    def command(self) -> RunJob:
        """What it runs, with the places of the files that were sent."""
        command = msgspec.json.decode((self.folder / _DESCRIPTION).read_bytes(), type=RunJob)
        words = tuple(word.replace(SENT, str(sent_folder())) for word in command.words)
        return msgspec.structs.replace(command, words=words)

    @property
    def run(self) -> str:
        """The name of the run that it trains, empty before it has begun."""
        return self._text(_RUN)

    @property
    def status(self) -> int | None:
        """The exit status, None while it runs or if it died without one."""
        text = self._text(_STATUS)
        if text:
            return int(text)
        code = self._process.poll() if self._process is not None else None
        return code if code is not None and code >= 0 else None

    @property
    def is_running(self) -> bool:
        """Whether its process runs."""
        if self._process is not None:
            return self._process.poll() is None
        lock = FileLock(self.folder / _LOCK)
        if not lock.take():
            return True
        lock.release()
        return False

    def _text(self, name: str) -> str:
        try:
            return (self.folder / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to its process, if that runs."""
        process = str(self._process.pid) if self._process is not None else self._text(_PROCESS)
        if process and self.is_running:
            with suppress(ProcessLookupError):
                os.kill(int(process), number)

    def end(self) -> None:
        """End its process, which this one started, with the children in its group; nothing of it is kept."""
        assert self._process is not None, "a job of another process outlives this one"
        if self.is_running:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)

    def _describe(self, command: RunJob) -> None:
        write_atomically(self.folder / _DESCRIPTION, msgspec.json.encode(command))

    def interrupt(self) -> None:
        """Interrupt it, and wait for its end."""
        self.signal(signal.SIGINT)
        while self.is_running:
            time.sleep(_INTERVAL)

    def hold(self) -> None:
        """Take its lock in its own process, for as long as that lives, and note which it is."""
        self._lock = FileLock(self.folder / _LOCK)
        self._lock.take(_PATIENCE)
        self._write(_PROCESS, str(os.getpid()))

    def keep_reserve(self) -> None:
        """Keep some space for what the job prints last, and for its exit status, on a full disk."""
        self._write(_RESERVE, "-" * _RESERVED)

    def free_reserve(self) -> None:
        """Free the space that was kept."""
        (self.folder / _RESERVE).unlink(missing_ok=True)

    def name_run(self, run: str) -> None:
        """Note which run it trains."""
        self._write(_RUN, run)

    def show(self, progress: Event) -> None:
        """Put `progress` in the place of the last one."""
        path = self.folder / PROGRESS
        aside = path.with_suffix(".new")
        with suppress(OSError):  # training must not end because nobody can look on
            aside.write_bytes(encode(progress))  # not synced: it is of no use after a crash
            os.replace(aside, path)

    def finish(self, status: int) -> None:
        """Note its exit status."""
        self.free_reserve()
        self._write(_STATUS, str(status))

    def forget(self) -> None:
        """Let nobody find it any more: what it printed has arrived."""
        self._write(_FORGOTTEN, "")

    def delete_sent(self) -> None:
        """Delete the files that its words name and that were sent for it alone: no run will need them again."""
        for word in self.command.words:
            if Path(word).is_relative_to(sent_folder()):
                Path(word).unlink(missing_ok=True)
                with suppress(OSError):  # another file has the same content
                    Path(word).parent.rmdir()

    def _write(self, name: str, text: str) -> None:
        write_atomically(self.folder / name, text.encode())

    def delete(self) -> None:
        """Delete what it printed."""
        delete_folder(self.folder)


@contextmanager
def _interrupts_kept() -> Iterator[None]:
    """Let the processes that are started meanwhile begin with SIGINT blocked."""
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _new_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix=time.strftime("%Y-%m-%d-"), dir=make_folder(jobs_folder())))


def find_job(run: str) -> Job | None:
    """Return the newest job that trains `run` or has trained it, a running one first; None if there is none.

    An empty name means the newest run that is being trained.
    """
    known = [job for job in _all_jobs() if not job.is_over_for_all]
    jobs = [job for job in known if (job.run == run if run else job.run and job.is_running)]
    return max(jobs, key=lambda job: (job.is_running, job.folder.stat().st_mtime), default=None)


def stop_run(run: str) -> None:
    """Interrupt the job that trains `run`, as Ctrl-C does, and wait for its end; raises InputError if there is none."""
    job = find_job(run)
    if job is None or not job.is_running:
        raise InputError("run.no_job", run=run)
    job.interrupt()


def take_over(run: str) -> None:
    """End the job of another process that trains `run`, if there is one, so that this process can resume it."""
    job = find_job(run)
    if job is not None and not job.is_this_process:
        job.interrupt()
        job.forget()


def delete_old_jobs() -> None:
    """Delete the ended jobs that nobody asks for any more, and those that nobody has asked for in a month."""
    for job in _all_jobs():
        age = time.time() - job.folder.stat().st_mtime
        if age > (_FORGOTTEN_FOR if job.is_over_for_all else _OLD) and not job.is_running:
            job.delete()


def _all_jobs() -> list[Job]:
    return [Job(folder) for folder in kept_folders(jobs_folder()) if (folder / _DESCRIPTION).exists()]
