"""Many runs over a few worker processes: for comparing recipes without a screen. No torch here.

A worker process trains one run after another, so torch is loaded once in each. Every run is stored as if it had been
started alone; the workers share the cores among themselves (`session.cpu_cores`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Literal, NamedTuple

from pgplay.errors import coded
from pgplay.learning.reports.step_report import StepReport
from pgplay.locale.catalog import Coded
from pgplay.worker.client.client import WorkerClient
from pgplay.worker.client.exit_reason import coded_exit
from pgplay.worker.protocol.commands import Resume, Start
from pgplay.worker.protocol.events import AnyEvent, Failed, Ready, Refused, Snapshot, StateChanged

_LAST_SECONDS = 10.0
"""Seconds that a worker has to finish its step and write its checkpoint when asked to quit."""

OutcomeState = Literal["solved", "finished", "failed", "interrupted"]


class RunOutcome(NamedTuple):
    """How a run ended: `run` is its name in the store, empty if it never began; `report` is its last step."""

    state: OutcomeState
    reason: Coded
    run: str = ""
    report: StepReport | None = None


class News(NamedTuple):
    """The newest step of run `number`, and the share of the way to its goal, None if unknown."""

    number: int
    report: StepReport
    progress: float | None


class _Gone(NamedTuple):
    code: int


class _StopRequest(NamedTuple):
    """The request to stop every run."""


class Pool:
    """Trains runs over `size` workers, which stay for further runs until `close`.

    `on_news` is called with newest steps, `on_end` with the number and the outcome of each run that ends, both in the
    event loop that called `train`. Runs are numbered from 0 in the order in which they are added.
    """

    def __init__(
        self, size: int, on_news: Callable[[News], None], on_end: Callable[[int, RunOutcome], None]
    ) -> None:
        self._starts: list[Start | Resume] = []
        self._waiting: deque[int] = deque()
        self._workers = [_Worker() for _ in range(size)]
        self._on_news = on_news
        self._on_end = on_end

    async def train(self, starts: Sequence[Start | Resume]) -> None:
        """Train the runs that `starts` begin or continue, until every one has ended, or until `stop`."""
        self._waiting.extend(range(len(self._starts), len(self._starts) + len(starts)))
        self._starts.extend(starts)
        await asyncio.gather(*(self._serve(worker) for worker in self._workers))

    async def close(self) -> None:
        """End the workers."""
        await asyncio.gather(*(worker.close() for worker in self._workers))

    def stop(self) -> None:
        """End every training run at its next step, kept with a checkpoint, and begin no other."""
        self._waiting.clear()
        for worker in self._workers:
            worker.events.put_nowait(_StopRequest())

    async def _serve(self, worker: _Worker) -> None:
        while self._waiting:
            number = self._waiting.popleft()
            self._on_end(number, await self._train_one(worker, number))

    async def _train_one(self, worker: _Worker, number: int) -> RunOutcome:
        run, report = "", None
        async for event in worker.train(self._starts[number]):
            match event:
                case Snapshot():
                    report = event.report
                    self._on_news(News(number, report, event.progress))
                case StateChanged(state="solved" | "finished" as state, reason=reason):
                    return RunOutcome(state, reason or coded("ending.stopped"), run, report)
                case StateChanged(info=info) if info is not None:
                    run = info.run
                case Failed() | Refused():
                    return RunOutcome("failed", event.reason, run, report)
                case _Gone(code=code):
                    return RunOutcome("failed", coded("error.worker.ended", reason=coded_exit(code)), run, report)
                case _StopRequest():
                    await worker.close()
                    return RunOutcome("interrupted", coded("ending.interrupted"), run, report)
                case _:
                    pass
        raise AssertionError("a worker's events never end")


class _Worker:
    """One worker process, started when needed and again after it died."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[AnyEvent | _Gone | _StopRequest] = asyncio.Queue()
        self._client: WorkerClient | None = None

    async def train(self, start: Start | Resume) -> AsyncIterator[AnyEvent | _Gone | _StopRequest]:
        """Begin the run of `start` and yield all events from then on."""
        if self._client is not None and self._client.alive:
            self._client.send(start)
        else:
            while not self.events.empty():  # the end of a process that died between two runs
                self.events.get_nowait()
            self._client = WorkerClient(self.events.put_nowait, lambda code, tail: self.events.put_nowait(_Gone(code)))
            await self._client.start()
        while True:
            event = await self.events.get()
            if isinstance(event, Ready):
                self._client.send(start)
            yield event

    async def close(self) -> None:
        """End the process; the run that it trains is kept."""
        if self._client is not None:
            await self._client.close(_LAST_SECONDS)
