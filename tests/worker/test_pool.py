"""Runs over workers that stay for further runs, with clients that answer at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from pgplay.config.run_config import make_config
from pgplay.errors import coded
from pgplay.worker.client import streaming_worker
from pgplay.worker.client.pool import Pool, RunOutcome
from pgplay.worker.protocol.commands import Start
from pgplay.worker.protocol.events import AnyEvent, Ready, StateChanged


class InstantClient:
    """A worker whose runs are solved as soon as they are started; `clients` are all that a test made."""

    clients: list[InstantClient]

    def __init__(self, on_event: Callable[[AnyEvent], None], on_exit: Callable[[int, str], None]) -> None:
        self.alive = False
        self.closed = False
        self.started: list[int] = []
        self._on_event = on_event
        self._on_exit = on_exit
        InstantClient.clients.append(self)

    async def start(self) -> None:
        self.alive = True
        self._on_event(Ready(protocol=1, pid=1, versions={}, devices=(), seconds=0.0))

    def send(self, start: Start) -> None:
        self.started.append(start.config.seed)
        self._on_event(StateChanged(state="solved", reason=coded("ending.stopped")))

    def die(self) -> None:
        self.alive = False
        self._on_exit(-9, "")

    async def close(self, patience: float) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def _without_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(InstantClient, "clients", [], raising=False)
    monkeypatch.setattr(streaming_worker, "WorkerClient", InstantClient)


def starts(*seeds: int) -> list[Start]:
    return [Start(config=make_config({"seed": seed})) for seed in seeds]


def trained_in_two_parts(between: Callable[[], None]) -> list[tuple[int, str]]:
    """Train seeds 0 to 2, then 3 and 4, on one worker; return the number and the state of each run that ended."""
    ended: list[tuple[int, str]] = []

    def on_end(number: int, outcome: RunOutcome) -> None:
        ended.append((number, outcome.state))

    async def train() -> None:
        workers = Pool(1, lambda news: None, on_end)
        await workers.train(starts(0, 1, 2))
        between()
        await workers.train(starts(3, 4))
        await workers.close()

    asyncio.run(train())
    return ended


def test_a_worker_stays_for_further_runs_which_are_numbered_on() -> None:
    assert trained_in_two_parts(lambda: None) == [(number, "solved") for number in range(5)]
    (client,) = InstantClient.clients
    assert client.started == [0, 1, 2, 3, 4]
    assert client.closed


def test_a_worker_that_dies_between_two_runs_fails_neither() -> None:
    assert trained_in_two_parts(lambda: InstantClient.clients[0].die()) == [(number, "solved") for number in range(5)]
    assert [client.started for client in InstantClient.clients] == [[0, 1, 2], [3, 4]]
