"""What Ray runs on the cluster; sent by value, so that a node without this pgplay can say so. It imports nothing."""

from __future__ import annotations

import asyncio
from typing import Any

MESSAGES_WAITING = 32
"""Messages that may wait to be taken; a task that brings another waits."""


class MessageQueue:
    """The messages of all tasks, until pgplay takes them, and whether the tasks are to stop."""

    def __init__(self) -> None:
        self._messages: asyncio.Queue[bytes] = asyncio.Queue(MESSAGES_WAITING)
        self._is_stopped = False

    async def put(self, message: bytes) -> bool:
        """Add a message; returns whether the task is to stop."""
        await self._messages.put(message)
        return self._is_stopped

    async def take(self, patience: float) -> list[bytes]:
        """Return all messages that wait, after at most `patience` seconds without any."""
        try:
            messages = [await asyncio.wait_for(self._messages.get(), patience)]
        except TimeoutError:
            return []
        while not self._messages.empty():
            messages.append(self._messages.get_nowait())
        return messages

    async def stop(self) -> None:
        """Have every task end at its next message."""
        self._is_stopped = True


def train_on_node(
    run_input: bytes, message_queue: Any, version: str, protocol: int
) -> tuple[str, dict[str, Any]] | None:
    """Train the run of `run_input` on this node; returns why not, as the code of an error with its values.

    That is where the node's pgplay is not the one of this `version` and `protocol`.
    """
    import platform

    import ray

    try:
        from pgplay.cluster.node import difference_to, train_here
    except ImportError as error:
        return "ray.no_pgplay", {"node": platform.node(), "reason": str(error), "version": version}
    difference = difference_to(version, protocol)
    if difference is not None:
        return difference.code, dict(difference.values)
    train_here(run_input, lambda message: ray.get(message_queue.put.remote(message)), has_gpu=bool(ray.get_gpu_ids()))
    return None
