"""The home and folder of an imaginary user, and the processes started for them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple, Self

import psutil

MARK = "PGPLAY_CHAOS"
PATIENCE = 120.0
SETTLED = 6.0
"""Seconds after a kill in which everything that was started must end: docs/rewards.md promises a little over three."""


class Moment(NamedTuple):
    """A moment to kill at: up to `span` seconds after the folder `watched` appears or changes, or after the start."""

    span: float
    watched: Path | None = None


class Place:
    """The user's home and working folder, while in a `with` block; `mark` identifies their processes."""

    def __init__(self, root: Path) -> None:
        self.home, self.folder, self._output = root / "home", root / "folder", root / "output"
        self.mark = uuid.uuid4().hex
        self._before: dict[str, str | None] = {}

    def __enter__(self) -> Self:
        self.folder.mkdir()
        for name, value in (("PGPLAY_HOME", str(self.home)), (MARK, self.mark)):
            self._before[name] = os.environ.get(name)
            os.environ[name] = value
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes():
            process.kill()
        for name, value in self._before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

    @property
    def output(self) -> str:
        """The output of the last command."""
        return self._output.read_text(errors="replace")

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start `pgplay` with `words` in the user's folder."""
        with self._output.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "pgplay", *words],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def run(self, *words: str) -> None:
        """Run `pgplay` with `words` to its end, which must be a success."""
        with self.start(*words) as process:
            assert process.wait(PATIENCE) == 0, self.output

    def kill(self, process: subprocess.Popen[bytes], moment: Moment, before: Callable[[], object]) -> bool:
        """Kill `process` at `moment`, after a call of `before`; return whether it was still running then."""
        wait_for(process, moment)
        before()
        process.kill()
        return process.wait(PATIENCE) == -signal.SIGKILL

    def processes(self) -> list[psutil.Process]:
        """Return all processes with the mark in their environment or arguments."""
        found = []
        for process in psutil.process_iter():
            try:
                told = [*process.cmdline(), *process.environ().values()]
                if process.pid != os.getpid() and any(self.mark in words for words in told):
                    found.append(process)
            except (psutil.Error, OSError):  # it has ended, or belongs to another user
                continue
        return found


def wait_for(process: subprocess.Popen[bytes], moment: Moment) -> None:
    """Wait until `moment`, or until `process` has ended."""
    give_up = time.monotonic() + PATIENCE
    first = _stamp(moment.watched)
    while moment.watched and process.poll() is None and _stamp(moment.watched) == first:
        assert time.monotonic() < give_up, f"nothing happened in {moment.watched}"
        time.sleep(0.0005)
    give_up = time.monotonic() + moment.span
    while process.poll() is None and (left := give_up - time.monotonic()) > 0:
        time.sleep(min(left, 0.02))


def at_random(rng: Random, *moments: Moment) -> Moment:
    """Return one of `moments`, with a random time within its span."""
    moment = rng.choice(moments)
    return moment._replace(span=rng.uniform(0.0, moment.span))


def _stamp(path: Path | None) -> int:
    """Return a value that changes when a folder gets another entry; 0 if it does not exist."""
    try:
        return path.stat().st_mtime_ns if path else 0
    except FileNotFoundError:
        return 0
