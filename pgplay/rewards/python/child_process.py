"""A child process that exchanges lines: every wait has a deadline, and it never outlives its owner.

Three threads serve its three pipes, so that neither a child that does not read nor one that prints endlessly can block
the owner, also if pipes cannot be polled (Windows).
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from pgplay.errors import coded
from pgplay.locale.catalog import text_of

LOG_LINES_A_BATCH = 200
LOG_LINE_BYTES = 2000
_MAXIMUM_LINE = 16 * 1024 * 1024
GUARD_SECONDS = 3.0
"""Seconds for a guard to end everything it guards, before it is killed itself."""
MARK = "PGPLAY_REWARD_PROCESS"
"""A variable in the environment of the child, inherited by everything it starts."""


class LogLimit:
    """Passes a limited number of a child's lines to `on_line` between calls of `renew`, and counts dropped ones."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._lock = threading.Lock()
        self._left = LOG_LINES_A_BATCH
        self._dropped = 0

    def take(self, lines: Sequence[bytes]) -> None:
        """Pass on `line` within the limit; dropping is cheap, so a million lines take at most a second."""
        with self._lock:
            passed = lines[: self._left]
            self._left -= len(passed)
            self._dropped += len(lines) - len(passed)
        for line in passed:
            self._on_line(line[:LOG_LINE_BYTES].decode(errors="replace").rstrip("\r"))

    def renew(self) -> None:
        """Reset the limit, after reporting the dropped lines."""
        with self._lock:
            dropped, self._dropped, self._left = self._dropped, 0, LOG_LINES_A_BATCH
        if dropped:
            self._on_line(text_of(*coded("notice.lines_dropped", count=dropped)))


class ChildProcess:
    """A child in its own session, without a terminal; its standard error goes line by line to `on_log`."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], on_log: Callable[[str], None]) -> None:
        pipe = subprocess.PIPE
        self._mark = f"{MARK}={uuid.uuid4().hex}"
        marked = {**environment, MARK: self._mark.removeprefix(f"{MARK}=")}
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, env=marked, start_new_session=True
        )
        self.log = LogLimit(on_log)
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._incoming: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=work, args=(stream,), daemon=True)
            for work, stream in (
                (self._write, self._process.stdin),
                (self._read, self._process.stdout),
                (self._read_log, self._process.stderr),
            )
        ]
        for thread in self._threads:
            thread.start()

    def send(self, line: bytes) -> None:
        """Send `line`, including its newline, without waiting for the child to read it."""
        self._outgoing.put(line)

    def receive(self, deadline: float) -> bytes | None:
        """Return the child's next line, or None if it ended or closed the pipe.

        Raises TimeoutError if neither happens before `deadline` (time.monotonic).
        """
        while True:
            wait = deadline - time.monotonic()
            try:
                return self._incoming.get(timeout=max(0.0, min(wait, 0.1)))
            except queue.Empty:
                # A process it left behind can hold the pipe open, so the child's end is checked too.
                if self._process.poll() is not None:
                    return self._last_line()
                if wait <= 0:
                    raise TimeoutError from None

    def _last_line(self) -> bytes | None:
        with contextlib.suppress(queue.Empty):
            return self._incoming.get(timeout=0.1)
        return None

    def ask_where(self, seconds: float) -> Iterator[bytes]:
        """Yield faulthandler's report of where a busy child is, line by line."""
        if not hasattr(signal, "SIGUSR1"):
            return
        self._process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + seconds
        with contextlib.suppress(TimeoutError):
            while (line := self.receive(deadline)) is not None:
                yield line

    def exit_status(self, seconds: float) -> int | None:
        """Return its exit status (negative: the signal), or None if it still runs after `seconds`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def end(self, grace: float = 0.0) -> None:
        """Close its input, wait `grace` seconds for it to end, then kill it and everything it started.

        A guard (`process_guard`) is asked first: only it knows everything that was started.
        """
        self._outgoing.put(None)
        if grace:
            self.exit_status(grace)
        if self._process.poll() is None:
            self._process.terminate()
            self.exit_status(GUARD_SECONDS)
        if hasattr(os, "killpg"):
            # macOS raises PermissionError if all processes have ended
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()
        self._process.wait()
        _kill_marked(self._mark)
        for thread in self._threads:
            thread.join(timeout=1.0)  # an unknown process may hold a pipe open; do not wait for it
        self.log.renew()

    def _write(self, stream: IO[bytes]) -> None:
        with contextlib.suppress(OSError), stream:  # `receive` notices a child that has ended
            while (line := self._outgoing.get()) is not None:
                stream.write(line)
                stream.flush()

    def _read(self, stream: IO[bytes]) -> None:
        def take(lines: list[bytes]) -> None:
            for line in lines:
                self._incoming.put(line)

        self._split(stream, take, _MAXIMUM_LINE)
        self._incoming.put(None)

    def _read_log(self, stream: IO[bytes]) -> None:
        self._split(stream, self.log.take, LOG_LINE_BYTES)

    @staticmethod
    def _split(stream: IO[bytes], take: Callable[[list[bytes]], None], longest: int) -> None:
        """Pass on the lines of `stream` as they come, cut to `longest`."""
        rest = b""
        with stream:
            while chunk := os.read(stream.fileno(), 65536):
                *lines, rest = (rest + chunk).split(b"\n")
                rest = rest[:longest]
                take(lines)
        if rest:
            take([rest])


def _kill_marked(mark: str) -> None:
    """Kill every process started with `mark`, such as A=B, in its environment; only on Linux."""
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # it has ended, or belongs to another user
            if mark.encode() in environment.read_bytes().split(b"\0"):
                os.kill(int(environment.parent.name), signal.SIGKILL)
