"""A worker under the test's control: it records the commands and reports the events that the test names."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
from textual.css.query import NoMatches
from textual.pilot import Pilot
from textual.widgets import Button

from pgplay.app.app import PgplayApp
from pgplay.app.screens.dialogs.consent import ConsentDialog
from pgplay.app.worker_link import OnEvent, OnExit
from pgplay.config.engine import parse_engine
from pgplay.config.run_config import RunConfig, make_config
from pgplay.learning.algorithms.table import trains_network
from pgplay.learning.reports.step_report import Finding, Sample, StepReport
from pgplay.rewards.spec import read_spec
from pgplay.worker.protocol.codec import PROTOCOL_VERSION
from pgplay.worker.protocol.commands import Command, Resume, Start
from pgplay.worker.protocol.events import Event, Ready, Snapshot, StateChanged
from pgplay.worker.protocol.records import Device, RunInfo, SecondsLeft

DEVICES = (
    Device("auto", ("device.fastest", {"name": "cpu"}), True),
    Device("cpu", ("device.threads", {"count": 2}), True),
    Device("cuda", ("device.cuda", {}), False, ("device.no_cuda_built", {})),
)


class FakeWorker:
    """Stands in for WorkerClient."""

    def __init__(self, on_event: OnEvent, on_exit: OnExit) -> None:
        self.on_event, self.on_exit = on_event, on_exit
        self.commands: list[Command] = []
        """The commands without their request numbers."""
        self.numbers: list[int] = []
        """The request number of each command."""
        self.alive = False
        self.closed_with: float | None = None

    async def start(self) -> None:
        self.alive = True

    def send(self, command: Command) -> None:
        self.commands.append(msgspec.structs.replace(command, request=0))
        self.numbers.append(command.request)

    async def close(self, timeout: float) -> None:
        self.alive = False
        self.closed_with = timeout

    def tell(self, event: Event) -> None:
        self.on_event(event)

    def answer(self, event: Event) -> None:
        """Report `event` as the answer to the newest command."""
        self.tell(msgspec.structs.replace(event, request=max(self.numbers)))

    def request(self, *kinds: type[Command]) -> int:
        """The request number of the newest command of these kinds, which its answer repeats; 0 if there is none."""
        asked = zip(reversed(self.commands), reversed(self.numbers), strict=True)
        return next((number for command, number in asked if isinstance(command, kinds)), 0)

    def ready(self) -> None:
        self.tell(Ready(protocol=PROTOCOL_VERSION, pid=1, versions={"torch": "2.13"}, devices=DEVICES, seconds=1.4))

    def build(self, state: str = "training", *, run: str = "a-run", step: int = 0, **settings: Any) -> None:
        """Report a run with these settings, built and in `state`, in answer to the newest Start or Resume."""
        config = make_config(settings)
        info = RunInfo(
            run=run,
            config=config,
            recipe="",
            model=config.model,
            parameters=107_355 if trains_network(config.algorithm) else 0,
            device="cpu",
            threads=1,
            alphabet="abcdefghijklmnopqrstuvwxyz ",
            max_length=14,
            targets=(config.target,),
            prompts=(),
            notes=(),
            reward_source=read_spec(config.reward).code if Path(config.reward).is_file() else "",
        )
        self.tell(StateChanged(state=state, info=info, step=step, request=self.request(Start, Resume)))  # type: ignore[arg-type]

    def train(self, until: int, *, after: int = 0, texts: dict[str, str] | None = None, **extra: Any) -> None:
        """Report the steps after `after` up to `until`, on the way to 'hello world'."""
        self.tell(snapshot(until, after=after, texts=texts, **extra))

    def die(self, returncode: int = -9, log_tail: str = "the last words") -> None:
        self.alive = False
        self.on_exit(returncode, log_tail)


def coded(problem: str, remedy: str = "") -> tuple[str, dict[str, Any]]:
    """Return a code and values whose text is this problem and remedy."""
    who, _, happened = problem.rstrip(".").partition(" ")
    advice = [remedy] if remedy else []
    return "python_reward.failed", {"who": who, "happened": happened, "where": "", "advice": advice}


def curve(step: int) -> dict[str, float]:
    """The metrics of a run that learns steadily."""
    mean = 1 - 0.95 * math.exp(-step / 60)
    return {
        "reward_mean": mean,
        "reward_min": max(0.0, mean - 0.3),
        "reward_max": min(1.0, mean + 0.2),
        "greedy_reward": round(min(1.0, mean + 0.1) * 11) / 11,
        "entropy": 3.2 * math.exp(-step / 45),
        "cross_entropy": 3.3 * math.exp(-step / 50),
        "gradient_norm": 0.4,
        "seconds_sample": 0.41,
        "seconds_score": 0.02,
        "seconds_learn": 0.57,
        "unique_completions": 41.0,
    }


def sample(role: str, text: str, reward: float, step: int, target: str = "hello world") -> Sample:
    return Sample(
        role=role,
        prompt="",
        text=text,
        target=target,
        reward=reward,
        step=step,
        finished=True,  # type: ignore[arg-type]
        tokens=tuple(text),
    )


TEXTS = {
    "greedy": "hello wrld",
    "best": "hello world",
    "top": "hello worlx",
    "upper": "hello wrldd",
    "middle": "hxllo",
    "lower": "zz",
    "bottom": "",
}


def snapshot(
    until: int,
    *,
    after: int = 0,
    texts: dict[str, str] | None = None,
    target: str = "hello world",
    solved: bool = False,
    findings: tuple[Finding, ...] = (),
    metrics: Callable[[int], dict[str, float]] = curve,
) -> Snapshot:
    samples = tuple(sample(role, text, 0.9, until, target) for role, text in (texts or TEXTS).items())
    rows = tuple((step, metrics(step)) for step in range(after + 1, until + 1))
    report = StepReport(until, until / 50, until * 64, metrics(until), samples, solved)
    return Snapshot(
        report=report,
        rows=rows,
        findings=findings,
        progress=0.6,
        seconds_left=SecondsLeft(2.4, 5.1, 9.6),
        characters_per_second=61_234.0,
    )


class Bench:
    """An app with its fake workers."""

    def __init__(self, config: RunConfig | None = None, preset: str = "", engine: str = "local") -> None:
        self.workers: list[FakeWorker] = []
        self.app = PgplayApp(config or make_config({}), preset, connect=self._connect, engine=parse_engine(engine))

    def _connect(self, on_event: OnEvent, on_exit: OnExit) -> FakeWorker:
        self.workers.append(FakeWorker(on_event, on_exit))
        return self.workers[-1]

    @property
    def worker(self) -> FakeWorker:
        """The newest worker."""
        return self.workers[-1]

    def sent(self, kind: type[Command]) -> list[Any]:
        """The commands of this kind that the newest worker received."""
        return [command for command in self.worker.commands if isinstance(command, kind)]


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Let the app work until `condition` holds; fail after half a minute.

    A missing widget counts as not yet: the app may be replacing it, as it does with the plots. Pilot.pause sends a
    message to every widget, so it is called only when the condition seems to hold, to let the app finish its work.
    """

    def holds() -> bool:
        with suppress(NoMatches):
            return bool(condition())
        return False

    for _ in range(3000):
        if holds():
            await pilot.pause(0)
            if holds():
                return
        await asyncio.sleep(0.01)
        if pilot.app._exception is not None:
            raise pilot.app._exception
    raise AssertionError("The condition did not hold within half a minute.")


async def agree(bench: Bench, pilot: Pilot[Any]) -> None:
    """Press yes in the consent dialog; a click would miss a button that is not laid out yet."""
    bench.app.screen.query_one("#yes", Button).press()
    await until(pilot, lambda: not isinstance(bench.app.screen, ConsentDialog))


async def begin(bench: Bench, pilot: Pilot[Any], *, ready: bool = True) -> None:
    """Wait until the app is up and its lists are filled; with `ready`, also until torch is loaded."""
    await until(pilot, lambda: bench.workers and bench.worker.alive and bench.app.state.parameters is not None)
    if ready:
        bench.worker.ready()
        await until(pilot, lambda: bench.app.state.worker == "ready")


@asynccontextmanager
async def opened(
    config: RunConfig | None = None, *, size: tuple[int, int] = (120, 36)
) -> AsyncIterator[tuple[Bench, Pilot[int]]]:
    """An app that is up, with a fake worker that is ready."""
    bench = Bench(config)
    async with bench.app.run_test(size=size) as pilot:
        await begin(bench, pilot)
        yield bench, pilot


def words(bench: Bench, selector: str) -> str:
    """The text that a widget of the main screen shows."""
    return str(bench.app.main.query_one(selector).render())
