"""Many runs over a few worker processes: for comparing recipes without a screen. No torch here.

A worker process trains one run after another, so torch is loaded once in each. Every run is stored as if it had been
started alone; the workers share the cores among themselves (`session.cpu_cores`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from pgplay.errors import coded
from pgplay.learning.reports.step_report import StepReport
from pgplay.worker.client.streaming_worker import Gone, StopRequest, StreamingWorker
from pgplay.worker.exit_reason import coded_exit
from pgplay.worker.protocol.commands import Resume, Start
from pgplay.worker.protocol.events import Failed, Refused, Snapshot, StateChanged
from pgplay.worker.protocol.records import Reason

OutcomeState = Literal["solved", "finished", "failed", "interrupted"]


class RunOutcome(NamedTuple):
    """How a run ended: `run` is its name in the store, empty if it never began; `report` is its last step."""

    state: OutcomeState
    reason: Reason
    run: str = ""
    report: StepReport | None = None


class News(NamedTuple):
    """The newest step of run `number`, and the share of the way to its goal, None if unknown."""

    number: int
    report: StepReport
    progress: float | None


class Pool:
    """Trains runs over `size` workers, which stay for further runs until `close`.

    `on_begin` is called with the number and the stored name of each run that begins, `on_news` with newest steps,
    `on_end` with the number and the outcome of each run that ends, all in the event loop that called `train`. Runs are
    numbered from 0 in the order in which they are added.
    """

    def __init__(
        self,
        size: int,
        on_news: Callable[[News], None],
        on_end: Callable[[int, RunOutcome], None],
        on_begin: Callable[[int, str], None] = lambda number, run: None,
    ) -> None:
        self._starts: list[Start | Resume] = []
        self._waiting: deque[int] = deque()
        self._workers = [StreamingWorker() for _ in range(size)]
        self._on_news = on_news
        self._on_end = on_end
        self._on_begin = on_begin

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
            worker.request_stop()

    async def _serve(self, worker: StreamingWorker) -> None:
        while self._waiting:
            number = self._waiting.popleft()
            self._on_end(number, await self._train(worker, number))

    async def _train(self, worker: StreamingWorker, number: int) -> RunOutcome:
        return await train_one(
            worker,
            self._starts[number],
            lambda run, step: self._on_begin(number, run),
            lambda report, progress: self._on_news(News(number, report, progress)),
        )


async def train_one(
    worker: StreamingWorker,
    start: Start | Resume,
    on_begin: Callable[[str, int], object],
    on_report: Callable[[StepReport, float | None], object],
) -> RunOutcome:
    """Train the run that `start` begins or continues on `worker` until it ends, or until the worker's `request_stop`.

    `on_begin` gets the run's stored name and the step that it begins at, `on_report` its newest step and the share of
    the way to its goal.
    """
    run, report = "", None
    async for event in worker.train(start):
        match event:
            case Snapshot():
                report = event.report
                on_report(report, event.progress)
            case StateChanged(state="solved" | "finished" as state, reason=reason):
                return RunOutcome(state, reason or coded("ending.stopped"), run, report)
            case StateChanged(info=info) if info is not None:
                run = info.run
                on_begin(run, event.step)
            case Failed() | Refused():
                return RunOutcome("failed", event.reason, run, report)
            case Gone(code=code):
                return RunOutcome("failed", coded("error.worker.ended", reason=coded_exit(code)), run, report)
            case StopRequest():
                await worker.close()
                return RunOutcome("interrupted", coded("ending.interrupted"), run, report)
            case _:
                pass
    raise AssertionError("a worker's events never end")
