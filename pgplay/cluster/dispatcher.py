"""Sends runs to the cluster, stores what comes back, and sends those whose node is lost to another one."""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from pgplay.cluster.messages import Advanced, Begun, ClusterAnswer, Ended, NodeMessage, Order, TaskRefusal, Told, Train
from pgplay.cluster.returned_run import ReturnedRun
from pgplay.errors import PgplayError, coded
from pgplay.worker.client.pool import RunOutcome

if TYPE_CHECKING:
    from pgplay.cluster.ray_cluster import RayCluster, RayTask

_LOOK = 0.2
"""Seconds to wait for a message before looking after the tasks and the orders."""
_LAST_SECONDS = 30.0
"""Seconds that tasks have to send their last checkpoints once they are to stop."""
_MOST_LOSSES = 10
"""Tasks of one run that may be lost without a new checkpoint in between: many, as nodes also fail while a run is loaded
there, but not any number, as the run may be what fails them."""

_messages = msgspec.msgpack.Decoder(NodeMessage)


class Dispatcher:
    """Obeys `orders` until None comes, with at most `most` tasks at once (None: as many as Ray takes).

    `answer` gets what becomes of the runs.
    """

    def __init__(
        self,
        cluster: RayCluster,
        orders: queue.SimpleQueue[Order | None],
        answer: Callable[[ClusterAnswer], None],
        most: int | None,
    ) -> None:
        self._cluster = cluster
        self._orders = orders
        self._answer = answer
        self._most = most
        self._waiting: deque[ReturnedRun] = deque()
        self._tasks: dict[RayTask, ReturnedRun] = {}
        self._by_number: dict[int, ReturnedRun] = {}
        self._announced: set[int] = set()
        self._losses: dict[int, tuple[int, int | None]] = {}
        self._stop_by: float | None = None
        self._is_last = False

    def serve(self) -> None:
        """Obey the orders, the last of which ends all runs, and return when they have ended."""
        while self._tasks or not self._is_last:
            self._obey()
            self._submit()
            ended = self._cluster.ended(list(self._tasks))
            for message in self._cluster.messages(_LOOK):  # all messages of those that had ended are among them
                self._take(_messages.decode(message))
            for task in ended:
                self._conclude(task)
            if self._stop_by is not None and time.monotonic() > self._stop_by:
                for task in self._tasks:
                    self._cluster.cancel(task, force=True)

    def _obey(self) -> None:
        while not self._orders.empty():
            order = self._orders.get()
            if isinstance(order, Train):
                run = ReturnedRun(order.number, order.command, order.share)
                self._by_number[run.number] = run
                self._waiting.append(run)
            else:
                self._is_last |= order is None
                self._stop()

    def _submit(self) -> None:
        while self._waiting and (self._most is None or len(self._tasks) < self._most):
            run = self._waiting.popleft()
            try:
                run_input = msgspec.msgpack.encode(run.run_input())
            except PgplayError as error:
                self._end(run, RunOutcome("failed", error.reason, run.run, run.report))
                continue
            self._tasks[self._cluster.submit(run_input, run.share)] = run

    def _stop(self) -> None:
        while self._waiting:
            self._interrupt(self._waiting.popleft())
        if self._tasks:
            self._cluster.stop()
            self._stop_by = time.monotonic() + _LAST_SECONDS
        for task, run in self._tasks.items():
            if not run.has_begun:
                self._cluster.cancel(task)

    def _take(self, message: NodeMessage) -> None:
        run = self._by_number.get(message.number)
        if run is None or run.attempt != message.attempt:
            return
        try:
            run.take(message)
        except PgplayError as error:
            self._end(run, RunOutcome("failed", error.reason, run.run, run.report))
            for task in [task for task, its_run in self._tasks.items() if its_run is run]:
                self._cluster.cancel(task, force=True)
            return
        if run.has_begun and run.number not in self._announced:
            self._announced.add(run.number)
            self._answer(Begun(run.number, run.run))
        if message.report is not None:
            self._answer(Advanced(run.number, message.report, message.progress))
        if message.outcome is not None:
            self._end(run, message.outcome._replace(run=run.run))

    def _conclude(self, task: RayTask) -> None:
        run = self._tasks.pop(task)
        if run.number not in self._by_number:
            return
        try:
            result = self._cluster.result(task)
            if isinstance(result, TaskRefusal):
                self._end(run, run.fail(result.reason))
            elif self._stop_by is not None:
                self._interrupt(run)
            elif self._is_lost_too_often(run):
                self._end(run, run.fail(coded("ray.lost_too_often", count=_MOST_LOSSES)))
            else:
                code = "ray.goes_on" if run.run else "ray.begins_again"
                self._answer(Told(*coded(code, run=run.run, step=run.checkpoint_step)))
                self._waiting.appendleft(run)
        except PgplayError as error:
            self._end(run, RunOutcome("failed", error.reason, run.run, run.report))

    def _is_lost_too_often(self, run: ReturnedRun) -> bool:
        losses, step = self._losses.get(run.number, (0, None))
        losses = 1 if run.checkpoint_step != step else losses + 1
        self._losses[run.number] = losses, run.checkpoint_step
        return losses >= _MOST_LOSSES

    def _interrupt(self, run: ReturnedRun) -> None:
        outcome = RunOutcome("interrupted", coded("ending.interrupted"), run.run, run.report)
        self._end(run, outcome if run.run else None)

    def _end(self, run: ReturnedRun, outcome: RunOutcome | None) -> None:
        del self._by_number[run.number]
        run.close()
        self._answer(Ended(run.number, outcome))
