"""A worker process as a stream of its events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

from pgplay.worker.client.client import WorkerClient
from pgplay.worker.protocol.commands import Command, Resume, Start
from pgplay.worker.protocol.events import AnyEvent, Ready

_LAST_SECONDS = 10.0
"""Seconds that a worker has to finish its step and write its checkpoint when asked to quit."""


class Gone(NamedTuple):
    """The process ended by itself, with this return code (negative: the signal that killed it)."""

    code: int


class StopRequest(NamedTuple):
    """The request to stop training, from this side."""


StreamEvent = AnyEvent | Gone | StopRequest


class StreamingWorker:
    """One worker process, started when needed and again after it died."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[StreamEvent] = asyncio.Queue()
        self._client: WorkerClient | None = None

    async def train(self, start: Start | Resume) -> AsyncIterator[StreamEvent]:
        """Begin the run of `start` and yield all events from then on, without an end."""
        if self._client is not None and self._client.alive:
            self._client.send(start)
        else:
            while not self._events.empty():  # the end of a process that died between two runs
                self._events.get_nowait()
            self._client = WorkerClient(self._events.put_nowait, lambda code, tail: self._events.put_nowait(Gone(code)))
            await self._client.start()
        while True:
            event = await self._events.get()
            if isinstance(event, Ready):
                self._client.send(start)
            yield event

    def send(self, command: Command) -> None:
        """Send a command to the process that trains."""
        assert self._client is not None, "nothing was begun"
        self._client.send(command)

    def request_stop(self) -> None:
        """Add a StopRequest to the events."""
        self._events.put_nowait(StopRequest())

    async def close(self) -> None:
        """End the process; the run that it trains is kept."""
        if self._client is not None:
            await self._client.close(_LAST_SECONDS)
