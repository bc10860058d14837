"""The worker's inbox, read by its own thread, so that commands are ready at the next step boundary."""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from collections.abc import Callable
from types import UnionType
from typing import NamedTuple

from pgplay.errors import PgplayError
from pgplay.worker.protocol.codec import ProtocolError, decode_command
from pgplay.worker.protocol.commands import AnyCommand, Quit, Reset, Start, Stop
from pgplay.worker.protocol.lines import LineSplitter


class LinkLost(NamedTuple):
    """The other side is gone without having asked to quit."""

    request: int = 0


class EndedElsewhere(NamedTuple):
    """Someone else ends the run: to stop it, or to train it on in another process."""

    request: int = 0


class RankLost(NamedTuple):
    """A rank is gone, as `error` says, and the launcher ends the others."""

    error: PgplayError
    request: int = 0


Message = AnyCommand | ProtocolError | LinkLost | EndedElsewhere | RankLost


class Inbox:
    """The waiting commands, in order; an invalid line waits as its ProtocolError.

    `put` may be called from any thread and from a signal handler; everything else from the main thread only.
    """

    def __init__(self) -> None:
        # SimpleQueue.put is reentrant, as a signal handler needs; Queue.put is not.
        self._queue: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._waiting: deque[Message] = deque()

    def put(self, message: Message) -> None:
        """Add a message at the end."""
        self._queue.put(message)

    def take(self, *, patience: float | None) -> Message | None:
        """Return the next message, or None after `patience` seconds without one (None: wait without limit)."""
        self._collect()
        if self._waiting:
            return self._waiting.popleft()
        try:
            return self._queue.get(timeout=patience) if patience != 0.0 else None
        except queue.Empty:
            return None

    @property
    def is_empty(self) -> bool:
        """Whether no message waits."""
        self._collect()
        return not self._waiting

    def run_must_end(self) -> bool:
        """Return whether a waiting command ends or replaces the present run."""
        return self._has(Quit | Stop | Reset | Start | EndedElsewhere | RankLost)

    def must_quit(self) -> bool:
        """Return whether a Quit waits."""
        return self._has(Quit)

    def _has(self, kind: type | UnionType) -> bool:
        self._collect()
        return any(isinstance(message, kind) for message in self._waiting)

    def _collect(self) -> None:
        while not self._queue.empty():
            self._waiting.append(self._queue.get())


def read_commands(
    descriptor: int,
    inbox: Inbox,
    on_end: Callable[[], None] = lambda: None,
    on_lost: Callable[[], Message] = Quit,
) -> threading.Thread:
    """Start the thread that reads lines from `descriptor`; at the end of the stream it puts what `on_lost` returns.

    `on_end` is called, from the thread, as soon as the worker is asked to quit or the stream ends.
    """

    def run() -> None:
        lines = LineSplitter()
        while data := os.read(descriptor, 65536):
            for line in lines.feed(data):
                try:
                    message: Message = decode_command(line)
                except ProtocolError as error:
                    message = error
                if isinstance(message, Quit):
                    on_end()
                inbox.put(message)
        on_end()
        inbox.put(on_lost())

    thread = threading.Thread(target=run, name="inbox", daemon=True)
    thread.start()
    return thread
