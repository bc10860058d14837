"""The app's end of the worker: starts the process, sends commands, passes on events. No torch here."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from pgplay.config.engine import LOCAL, Engine
from pgplay.errors import coded
from pgplay.locale.catalog import text_of
from pgplay.paths import data_folder, with_source_tree
from pgplay.worker.client.log_file import WorkerLog
from pgplay.worker.protocol.codec import PROTOCOL_VERSION, ProtocolError, decode_event, encode
from pgplay.worker.protocol.commands import Command, Quit
from pgplay.worker.protocol.events import AnyEvent, Failed, Log, Ready
from pgplay.worker.protocol.lines import LineSplitter
from pgplay.worker.protocol.release import SOURCE, are_alike, version_of
from pgplay.worker.protocol.throttle import LINES_PER_SECOND, LONGEST_LINE, Throttle

OUTPUT, ERRORS = 1, 2
MOST_NOISE = 64 * 1024
"""Bytes that may come before the worker's first event: a shell's greeting is far below, a torrent above."""
_LAST_WORDS = 0.5
"""Seconds that a dead worker's pipes may stay open, as a child process can hold them."""


def default_command(engine: Engine = LOCAL) -> list[str]:
    """Return the command of a worker on `engine`; torchrun starts one of several processes.

    -P keeps the present folder out of the worker's module path: a person's copy.py or random.py would break torch.
    """
    if engine.processes == 1:
        return [sys.executable, "-P", "-m", "pgplay.worker"]
    torchrun = [sys.executable, "-P", "-m", "pgplay.worker.launcher", "--standalone", "--local-addr", "127.0.0.1"]
    return [*torchrun, "--nproc-per-node", str(engine.processes), "--max-restarts", "0", "-m", "pgplay.worker"]


def worker_environment(engine: Engine = LOCAL) -> dict[str, str]:
    """Return the worker's environment: unbuffered output in UTF-8, and pgplay importable from a source tree."""
    environment = dict(os.environ, PYTHONUNBUFFERED="1", PYTHONUTF8="1")
    for name in ("RANK", "WORLD_SIZE"):  # of a torchrun that has started pgplay itself
        environment.pop(name, None)
    if engine.processes > 1:
        environment = engine.environment(environment)
        environment["PYTHONSAFEPATH"] = "1"  # this is -P for those whom torchrun starts
    return with_source_tree(environment)


class WorkerClient:
    """One worker process. Both callbacks run in the event loop that called `start`.

    `on_event` gets every event; `on_exit` is called once, with the return code (negative: the signal that killed it)
    and the last lines of its log, when the process ends without `close` having asked it to. `command` may be anything
    that speaks the protocol on its standard input and output, such as ("ssh", "gpu-box", "pgplay", "worker"); by
    default it is that of `engine`.
    """

    def __init__(
        self,
        on_event: Callable[[AnyEvent], None],
        on_exit: Callable[[int, str], None],
        command: Sequence[str] | None = None,
        log_path: Path | None = None,
        engine: Engine = LOCAL,
    ) -> None:
        self._on_event = on_event
        self._on_exit = on_exit
        self._engine = engine
        self._command = list(command) if command else default_command(engine)
        self._log_path = log_path
        self._process: _Process | None = None

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.alive

    @property
    def pid(self) -> int | None:
        """The process's id, None before `start`."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start the process; it says Ready when torch is loaded.

        Raises OSError where there is no such command.
        """
        log = WorkerLog(self._log_path or data_folder() / "worker.log")
        try:
            _, protocol = await asyncio.get_running_loop().subprocess_exec(
                lambda: _Process(self._on_event, self._on_exit, log),
                *self._command,
                env=worker_environment(self._engine),
                start_new_session=True,
            )
        except BaseException:
            log.close()
            raise
        self._process = protocol
        if log.problem:
            self._on_event(Log(line=log.problem))

    def send(self, command: Command) -> None:
        """Send `command` without blocking; ignored if the worker is gone, which `on_exit` has reported."""
        if self._process is not None and self._process.alive:
            self._process.write(encode(command))

    async def close(self, timeout: float = 0.8) -> None:
        """Ask the worker to quit, then to terminate, then kill it and its children; takes at most `timeout` seconds."""
        if self._process is not None:
            await self._process.end(timeout)


class _Process(asyncio.SubprocessProtocol):
    """The process in asyncio's callbacks; its exit is noticed at once, even if a child holds a pipe open."""

    def __init__(
        self, on_event: Callable[[AnyEvent], None], on_exit: Callable[[int, str], None], log: WorkerLog
    ) -> None:
        self._on_event = on_event
        self._on_exit = on_exit
        self._log = log
        self._lines = {OUTPUT: LineSplitter(), ERRORS: LineSplitter()}
        self._throttle = Throttle()
        self._left_out_timer: asyncio.TimerHandle | None = None
        self._greeted = False
        self._bytes_before = 0
        self._noise = b""
        self._refused = False
        self._ending = False
        self._exited = asyncio.Event()
        self._closed = asyncio.Event()
        self._pipes_timer: asyncio.TimerHandle | None = None

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return not self._exited.is_set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self.pid = self._transport.get_pid()

    def write(self, data: bytes) -> None:
        """Queue `data` for the event loop, which writes it as fast as the worker reads."""
        pipe = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))
        if not pipe.is_closing():
            pipe.write(data)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == OUTPUT and not self._greeted:
            self._bytes_before += len(data)
            self._noise = self._noise or data[:LONGEST_LINE]
        for line in self._lines[fd].feed(data):
            self._take(fd, line)
        if fd == OUTPUT and not self._greeted and not self._refused and self._bytes_before > MOST_NOISE:
            sample = self._noise.decode(errors="replace")
            self._refuse(ProtocolError("protocol.noise", limit=MOST_NOISE, sample=sample))

    def _take(self, fd: int, line: bytes) -> None:
        if fd == ERRORS:
            self._note(line.decode(errors="replace").rstrip("\r"))  # ssh ends its own lines as a terminal wants them
            return
        if self._refused:
            return
        try:
            event = decode_event(line)
        except ProtocolError as error:
            # Other lines, such as a remote shell's greeting, are no reason to give up.
            self._note(f"{line[:LONGEST_LINE].decode(errors='replace')}  [{error.problem}]")
            return
        if not self._greeted:
            if difference := _difference(event):
                self._refuse(difference)
                return
            self._greeted = True
        if isinstance(event, Log):
            self._log.write(event.line)
        self._on_event(event)

    def _refuse(self, error: ProtocolError) -> None:
        """Report that this is no worker, or one of another protocol version, and end it; `on_exit` follows."""
        self._refused = True
        self._note(str(error))
        self._on_event(Failed(error.code, error.values))
        kill_group(self.pid, self._transport.kill)

    def _note(self, line: str) -> None:
        """Write a line to the log, and show it unless too many came in this second."""
        self._log.write(line)
        if self._throttle.admits(time.monotonic()):
            self._on_event(Log(line=line[:LONGEST_LINE]))
        elif self._left_out_timer is None:
            self._left_out_timer = asyncio.get_running_loop().call_later(1.0, self._tell_left_out)

    def _tell_left_out(self) -> None:
        self._left_out_timer = None
        count = self._throttle.take_left_out()
        notice = coded("notice.lines_above_limit", count=count, limit=LINES_PER_SECOND, path=self._log.path)
        self._on_event(Log(line=text_of(*notice)))

    def process_exited(self) -> None:
        self._exited.set()
        self._pipes_timer = asyncio.get_running_loop().call_later(_LAST_WORDS, self._let_go)

    def _let_go(self) -> None:
        """Kill the children of a dead worker that hold its pipes open."""
        kill_group(self.pid, self._transport.kill)
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._pipes_timer is not None:
            self._pipes_timer.cancel()
        for fd, lines in self._lines.items():
            if rest := lines.rest():
                self._take(fd, rest)
        if self._left_out_timer is not None:
            self._left_out_timer.cancel()
            self._tell_left_out()
        tail = self._log.tail
        self._log.close()
        self._transport.close()
        self._closed.set()
        if not self._ending:
            self._on_exit(self._transport.get_returncode() or 0, tail)

    async def end(self, timeout: float) -> None:
        """Quit, terminate, kill: each gets its share of `timeout`."""
        self._ending = True
        if self.alive:
            self.write(encode(Quit()))
            await _within(timeout * 0.6, self._exited)
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                self._transport.terminate()
            await _within(timeout * 0.2, self._exited)
        if self.alive:
            kill_group(self.pid, self._transport.kill)
            await _within(timeout * 0.1, self._exited)
        if not await _within(timeout * 0.05, self._closed):
            self._let_go()
            await _within(timeout * 0.05, self._closed)


def kill_group(pid: int, kill_alone: Callable[[], object]) -> None:
    """Kill the process `pid` and its children: `start_new_session` made them a group of their own.

    Windows knows no groups: `kill_alone` kills the process there.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            kill_alone()
        else:
            os.killpg(pid, signal.SIGKILL)


def _difference(greeting: AnyEvent) -> ProtocolError | None:
    """Return in what the worker that said `greeting` first differs from this pgplay, None if they are alike.

    One that cannot begin says why in the place of a greeting.
    """
    if isinstance(greeting, Failed):
        return None
    version = greeting.protocol if isinstance(greeting, Ready) else None
    if version != PROTOCOL_VERSION:
        code = "protocol.no_greeting" if version is None else "protocol.other_version"
        return ProtocolError(code, version=version, own=PROTOCOL_VERSION)
    assert isinstance(greeting, Ready)
    release, own = greeting.versions.get("pgplay", SOURCE), version_of("pgplay")
    if not are_alike(release, own):
        return ProtocolError("protocol.other_release", version=release, own=own)
    return None


async def _within(seconds: float, event: asyncio.Event) -> bool:
    """Wait for `event` for at most `seconds`; return whether it was set."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
