"""What Ray runs on the cluster; sent by value, so that a node without this pgplay can say so. It imports nothing."""

from __future__ import annotations

import asyncio
from typing import Any

LETTERS_WAITING = 32
"""Letters that may wait to be taken; a task that brings another waits."""


class Mailbox:
    """The letters of all tasks, until pgplay takes them, and whether the tasks are to stop."""

    def __init__(self) -> None:
        self._letters: asyncio.Queue[bytes] = asyncio.Queue(LETTERS_WAITING)
        self._is_stopped = False

    async def put(self, letter: bytes) -> bool:
        """Add a letter; returns whether the task is to stop."""
        await self._letters.put(letter)
        return self._is_stopped

    async def take(self, patience: float) -> list[bytes]:
        """Return all letters that wait, after at most `patience` seconds without any."""
        try:
            letters = [await asyncio.wait_for(self._letters.get(), patience)]
        except TimeoutError:
            return []
        while not self._letters.empty():
            letters.append(self._letters.get_nowait())
        return letters

    async def stop(self) -> None:
        """Have every task end at its next letter."""
        self._is_stopped = True


def train(errand: bytes, mailbox: Any, version: str, protocol: int) -> tuple[str, dict[str, Any]] | None:
    """Train the run of `errand` on this node; returns why not, as the code of an error with its values.

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
    train_here(errand, lambda letter: ray.get(mailbox.put.remote(letter)), has_gpu=bool(ray.get_gpu_ids()))
    return None
