"""The runs of an experiment on a Ray cluster, in the way of `worker.client.pool.Pool`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from pgplay.cluster.cluster import Cluster
from pgplay.cluster.messages import Advanced, Begun, Ended
from pgplay.errors import PgplayError
from pgplay.worker.client.pool import News, RunOutcome
from pgplay.worker.protocol.commands import Resume, Start

_LOOK = 0.2  # seconds


class RayPool:
    """Trains runs on `cluster`, with the callbacks and the numbers of a `Pool`."""

    def __init__(
        self,
        cluster: Cluster,
        on_news: Callable[[News], None],
        on_end: Callable[[int, RunOutcome], None],
        on_begin: Callable[[int, str], None],
    ) -> None:
        self._cluster = cluster
        self._on_news = on_news
        self._on_end = on_end
        self._on_begin = on_begin
        self._numbers: dict[int, int] = {}  # of the runs here, by their numbers in the cluster
        self._open: set[int] = set()

    async def train(self, starts: Sequence[Start | Resume]) -> None:
        """Train the runs that `starts` begin or continue, until every one has ended, or until `stop`."""
        for start in starts:
            number = self._cluster.train(start)
            self._numbers[number] = len(self._numbers)
            self._open.add(number)
        await self._until_ended()

    async def close(self) -> None:
        """End what still trains; it is kept."""
        if self._open:
            self.stop()
            await self._until_ended()

    def stop(self) -> None:
        """End every training run at its next step, kept with a checkpoint, and begin no other."""
        self._cluster.stop()

    async def _until_ended(self) -> None:
        while self._open:
            try:
                answer = await asyncio.to_thread(self._cluster.next_answer, _LOOK)
            except PgplayError:  # the cluster is gone, and every run with it
                self._open.clear()
                raise
            match answer:
                case Begun(number=number, run=run):
                    self._on_begin(self._numbers[number], run)
                case Advanced(number=number, report=report, progress=progress):
                    self._on_news(News(self._numbers[number], report, progress))
                case Ended(number=number, outcome=outcome):
                    self._open.discard(number)
                    if outcome is not None:
                        self._on_end(self._numbers[number], outcome)
                case _:
                    pass
