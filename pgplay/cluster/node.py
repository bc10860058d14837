"""A run on a node of the cluster: what its folder gains is sent back while it trains."""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Callable

import msgspec

from pgplay.cluster.messages import NodeMessage, RunInput, TaskRefusal
from pgplay.cluster.node_worker import NodeWorker, close_node_worker, node_worker_here
from pgplay.learning.reports.step_report import StepReport
from pgplay.limits import CORES
from pgplay.runs.copies import RunFollower
from pgplay.worker.client.pool import RunOutcome, train_one
from pgplay.worker.protocol.codec import PROTOCOL_VERSION
from pgplay.worker.protocol.release import are_alike, version_of

_INTERVAL = 0.5
"""Seconds between messages."""

Put = Callable[[bytes], bool]
"""Sends a message; returns whether the run is to stop."""


def pgplay_here() -> tuple[str, int]:
    """Return the version of the pgplay that is installed here, and that of its protocol."""
    return version_of("pgplay"), PROTOCOL_VERSION


def difference_to(version: str, protocol: int) -> TaskRefusal | None:
    """Return why this pgplay can't train for one of that `version` and that `protocol`; None if it can."""
    own, own_protocol = pgplay_here()
    if protocol == own_protocol and are_alike(version, own):
        return None
    values = {"node": platform.node(), "there": own, "version": version, "protocol": protocol}
    return TaskRefusal("ray.other_pgplay", values | {"protocol_there": own_protocol})


def train_here(encoded: bytes, put: Put, *, has_gpu: bool) -> None:
    """Train the run of the `encoded` input until it ends or is to stop, and send back what becomes of it."""
    run_input = msgspec.msgpack.decode(encoded, type=RunInput)
    if not has_gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # a GPU of the node is another run's
    os.environ[CORES] = str(run_input.cores)
    node_worker = node_worker_here()
    try:
        node_worker.prepare(run_input)
        node_worker.loop.run_until_complete(_train(node_worker, run_input, put))
    except BaseException:
        close_node_worker()
        raise


async def _train(node_worker: NodeWorker, run_input: RunInput, put: Put) -> None:
    sender, worker = _Sender(run_input, put), node_worker.worker
    training = asyncio.create_task(train_one(worker, run_input.command, sender.begin, sender.show))
    is_stopping = False
    while not training.done():
        await asyncio.wait([training], timeout=_INTERVAL)
        if not training.done() and await asyncio.to_thread(sender.send) and not is_stopping:
            is_stopping = True
            worker.request_stop()
    outcome = training.result()
    await asyncio.to_thread(sender.send, outcome)
    sender.close()
    await node_worker.clear(outcome)


class _Sender:
    """Sends the messages of one run."""

    def __init__(self, run_input: RunInput, put: Put) -> None:
        self._input = run_input
        self._put = put
        self._begun_at: int | None = None
        self._newest: tuple[StepReport | None, float | None] = None, None
        self._follower: RunFollower | None = None

    def begin(self, run: str, step: int) -> None:
        """Follow the stored `run` from `step` on."""
        self._begun_at = step
        self._follower = RunFollower(run, step, self._input.packed)

    def show(self, report: StepReport, progress: float | None) -> None:
        """Keep the newest step for the next message."""
        self._newest = report, progress

    def send(self, outcome: RunOutcome | None = None) -> bool:
        """Send what is new, and how the run ended; returns whether it is to stop."""
        (report, progress), self._newest = self._newest, (None, None)
        message = NodeMessage(
            number=self._input.number,
            attempt=self._input.attempt,
            begun_at=self._begun_at,
            report=report,
            progress=progress,
            changes=self._follower.changes() if self._follower is not None else None,
            outcome=outcome,
        )
        return self._put(msgspec.msgpack.encode(message))

    def close(self) -> None:
        """Close the store that was followed."""
        if self._follower is not None:
            self._follower.close()
