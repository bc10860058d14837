"""The worker as the app sees it: start, send, close; tests use a scripted one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pgplay.config.engine import LOCAL, Engine
from pgplay.worker.protocol.commands import Command
from pgplay.worker.protocol.events import Event

OnEvent = Callable[[Event], None]
OnExit = Callable[[int, str], None]
"""Called once with the return code and the log's last lines when the worker ends without having been asked to."""


class WorkerLink(Protocol):
    """A worker process as the app sees it; both callbacks run in the app's event loop."""

    @property
    def alive(self) -> bool:
        """Whether the process runs."""

    async def start(self) -> None:
        """Start the process; returns at once, torch loads meanwhile."""

    def send(self, command: Command) -> None:
        """Send a command; never blocks."""

    async def close(self, timeout: float) -> None:
        """Ask it to quit, and kill it after `timeout` seconds."""


LinkFactory = Callable[[OnEvent, OnExit], WorkerLink]


def real_worker(on_event: OnEvent, on_exit: OnExit, engine: Engine = LOCAL) -> WorkerLink:
    """Return the link to a worker on `engine`."""
    if engine.host:
        from pgplay.worker.client.far_worker import FarWorker

        return FarWorker(on_event, on_exit, engine)
    from pgplay.worker.client.client import WorkerClient

    return WorkerClient(on_event, on_exit, engine=engine)
