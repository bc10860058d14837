"""Training a run in a worker process, so that nothing of it stays in the person's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from pgplay.errors import PgplayError
from pgplay.learning.reports.step_report import StepReport
from pgplay.worker.client.streaming_worker import Gone, StopRequest, StreamingWorker
from pgplay.worker.exit_reason import coded_exit
from pgplay.worker.protocol.commands import Save, Start
from pgplay.worker.protocol.events import Failed, Refused, Saved, Snapshot, StateChanged
from pgplay.worker.protocol.reported_errors import reported_error

_LOOK = 0.1  # seconds between checks for an interruption


class WorkerTraining(NamedTuple):
    """A run to train in a worker: its `start`, how to save its policy (None: not at all), and who hears of it.

    `on_begin` is called with the run's stored name, `on_report` with newest steps, at most ten a second; both in a
    thread of their own.
    """

    start: Start
    save: Save | None
    on_begin: Callable[[str], object]
    on_report: Callable[[StepReport], object]

    def train(self) -> str:
        """Train until the run ends and return its stored name; Ctrl-C ends it early, kept with a checkpoint.

        Raises what training in this process would, and PgplayError if the worker dies.
        """
        stopped = threading.Event()
        with ThreadPoolExecutor(1) as thread:  # a notebook's own thread has a loop already
            trained = thread.submit(asyncio.run, self._train(stopped))
            return _result(trained, stopped)

    async def _train(self, stopped: threading.Event) -> str:
        worker = StreamingWorker()
        watching = asyncio.create_task(_request_stop(worker, stopped))
        try:
            return await self._follow(worker)
        finally:
            watching.cancel()
            await worker.close()

    async def _follow(self, worker: StreamingWorker) -> str:
        run = ""
        async for event in worker.train(self.start):
            match event:
                case Snapshot():
                    await asyncio.to_thread(self.on_report, event.report)
                case StateChanged(state="solved" | "finished"):
                    if self.save is None:
                        return run
                    worker.send(self.save)
                case StateChanged(info=info) if info is not None:
                    run = info.run
                    await asyncio.to_thread(self.on_begin, run)
                case Saved() | StopRequest():
                    return run
                case Refused() | Failed():
                    raise reported_error(event)
                case Gone(code=code):
                    raise PgplayError("worker.ended_in_run", reason=coded_exit(code))
                case _:
                    pass
        raise AssertionError("a worker's events never end")


async def _request_stop(worker: StreamingWorker, stopped: threading.Event) -> None:
    while not stopped.is_set():
        await asyncio.sleep(_LOOK)
    worker.request_stop()


def _result(trained: Future[str], stopped: threading.Event) -> str:
    """Wait for the training; Ctrl-C sets `stopped` and waits on for the checkpoint."""
    while True:
        try:
            return trained.result()
        except KeyboardInterrupt:
            stopped.set()
