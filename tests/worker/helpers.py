"""Helpers of the worker's tests: a listener that waits for events, and small workers written as Python text."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from pgplay.config.engine import LOCAL, Engine
from pgplay.config.run_config import RunConfig
from pgplay.learning.reports.step_detail import AlgorithmSettings, CompletionDetail, StepDetail, TokenDetail
from pgplay.learning.reports.step_report import StepReport
from pgplay.rewards.spec import RewardSpec, read_spec
from pgplay.worker.client.client import WorkerClient
from pgplay.worker.protocol.events import AnyEvent, Event, Snapshot

Kind = TypeVar("Kind", bound=Event)
PATIENCE = 60.0


def own_rewards(config: RunConfig) -> tuple[RewardSpec, ...]:
    """Return the rewards of `config` as the user's own."""
    return tuple(read_spec(text) for text in (config.reward, *config.measure))


class Listener:
    """A client whose events are kept in order and can be waited for."""

    def __init__(self, command: Sequence[str] | None = None, engine: Engine = LOCAL) -> None:
        self.events: list[AnyEvent] = []
        self.exits: list[tuple[int, str]] = []
        self._seen = 0
        self._changed = asyncio.Event()
        self.client = WorkerClient(self._on_event, self._on_exit, command, engine=engine)

    def _on_event(self, event: AnyEvent) -> None:
        self.events.append(event)
        self._changed.set()

    def _on_exit(self, code: int, tail: str) -> None:
        self.exits.append((code, tail))
        self._changed.set()

    async def next(self, kind: type[Kind], accept: Callable[[Kind], bool] = lambda event: True) -> Kind:
        """Return the first accepted event of `kind` among those after the last one returned."""
        async with asyncio.timeout(PATIENCE):
            while True:
                while self._seen < len(self.events):
                    event = self.events[self._seen]
                    self._seen += 1
                    if isinstance(event, kind) and accept(event):
                        return event
                await self._wait(f"no {kind.__name__} came")

    async def exit(self) -> tuple[int, str]:
        """Return the return code and the tail of the log once the worker is gone."""
        async with asyncio.timeout(PATIENCE):
            while not self.exits:
                await self._wait("it did not exit")
        return self.exits[0]

    async def _wait(self, problem: str) -> None:
        if self.exits:
            raise AssertionError(f"{problem}: the worker exited with {self.exits}")
        self._changed.clear()
        await self._changed.wait()

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.events if isinstance(event, kind)]


def scripted(text: str) -> list[str]:
    """Return the command of a worker that runs `text`, in which `say(event)` sends and `hear()` reads the next line."""
    prelude = (
        "import os, sys, time\n"
        f"sys.path[:0] = {sys.path!r}\n"
        "from pgplay.worker.protocol.codec import *\n"
        "from pgplay.worker.protocol.commands import *\n"
        "from pgplay.worker.protocol.events import *\n"
        "def say(event): sys.stdout.buffer.write(encode(event)); sys.stdout.buffer.flush()\n"
        "def hear(): return sys.stdin.buffer.readline()\n"
        "def ready(version=PROTOCOL_VERSION):\n"
        "    say(Ready(protocol=version, pid=1, versions={}, devices=(), seconds=0.0))\n"
    )
    return [sys.executable, "-c", prelude + text]


def report(step: int, *, solved: bool = False, **metrics: float) -> StepReport:
    metrics = {"reward_mean": 0.5, **metrics}
    return StepReport(
        step=step, seconds=step * 0.1, completions=step, metrics=metrics, samples=(), solved=solved
    )


def snapshot(step: int) -> Snapshot:
    one = report(step)
    return Snapshot(report=one, rows=((step, one.metrics),))


def step_detail(step: int) -> StepDetail:
    token = TokenDetail("a", -1.0, 0.5, (("a", 0.37), ("", 0.2)), 0.5, 0.5, log_p_after=-0.9)
    sample = CompletionDetail("", "ab", "a", False, 0.5, {}, 0.0, 0.25, 0.5, (token,))
    rules = AlgorithmSettings(
        algorithm="grpo", reward="levenshtein", kind="policy gradient", baseline="group-mean", scale="group-std",
        credit="terminal", ratio="clip", aggregation="sequence-mean", control_variate=True, updates=2, group_size=8,
        temperature=1.0, clip_low=0.2, clip_high=0.2, clip_gradient=1.0, lr=0.005, entropy_weight=0.08, kl=0.0,
        moving_average=0.0, deviation_floor=0.05, credit_floor=-2.0, credit_baseline=0.3,
    )
    return StepDetail(step, rules, {"loss": 0.1}, 8, (sample,))
