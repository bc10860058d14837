"""Kills of a run's processes: torchrun, which launches the app's worker, its first rank, and another one.

`pgplay train` is the launcher and the first rank itself. After each kill the run's other processes must end, with a
line that names the rank where the launcher is there to say it.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from random import Random

import psutil

from pgplay.config.engine import Engine
from pgplay.config.run_config import make_config
from pgplay.locale.catalog import text_of
from pgplay.paths import runs_folder
from pgplay.worker.exit_reason import coded_exit
from pgplay.worker.protocol.commands import Start
from pgplay.worker.protocol.events import Failed, Ready
from tests.chaos.checks import Kept, check_folder, check_processes, check_runs, kept_runs
from tests.chaos.place import PATIENCE, Moment, Place, at_random, wait_for
from tests.worker.helpers import Listener

TWO = Engine("processes", 2)
SETTINGS = {
    "target": "noon", "model": "gru-nano", "batch_size": 8, "until": "never", "threads": 1, "device": "cpu",
    "optimizer": "sgd", "lr": 0.1, "control_variate": "none",
}  # fmt: skip
"""Plain descent: Adam would enlarge the rounding errors by which two processes and one differ."""
OPTIONS = [f"--{name.replace('_', '-')}={value}" for name, value in SETTINGS.items()]
START_UP = 6.0
"""Seconds in which two ranks start, load torch, join and make the first steps."""


def launcher(place: Place, rng: Random) -> str:
    """The launcher: torchrun, or `pgplay train`."""
    return _train(place, rng, "first") if rng.random() < 0.5 else _work(place, rng, "launcher")


def first_rank(place: Place, rng: Random) -> str:
    """The first rank of the app's worker."""
    return _work(place, rng, "0")


def other_rank(place: Place, rng: Random) -> str:
    """The other rank of `pgplay train`, or of the app's worker."""
    return _train(place, rng, "other") if rng.random() < 0.5 else _work(place, rng, "1")


def _train(place: Place, rng: Random, victim: str) -> str:
    """Kill the `first` or the `other` process of `pgplay train`."""
    kept: dict[str, Kept] = {}
    moment = at_random(rng, Moment(START_UP), Moment(0.1, runs_folder()), Moment(1.5, runs_folder()))
    process = place.start("train", "--engine=processes:2", *OPTIONS)
    wait_for(process, moment)
    target = psutil.Process(process.pid) if victim == "first" else _awaited(process.pid, "1")
    kept.update(kept_runs())
    target.kill()
    began = time.monotonic()
    status = process.wait(PATIENCE)
    ended = time.monotonic() - began
    if victim == "other":
        assert status == 1, (status, place.output)
        assert "Rank 1, one of the run's 2 processes," in place.output, place.output
        assert "Traceback" not in place.output, place.output
    return _told(place, f"train's {victim}, {moment.span:.3f} s after {_since(moment)}", ended, kept)


def _work(place: Place, rng: Random, victim: str) -> str:
    """Kill the `launcher` of the app's worker, or the rank of that number."""
    kept: dict[str, Kept] = {}
    moment = at_random(rng, Moment(START_UP), Moment(0.1, runs_folder()), Moment(1.5, runs_folder()))

    async def begin(listener: Listener) -> None:
        await listener.next(Ready)
        listener.client.send(Start(config=make_config(SETTINGS)))

    async def kill() -> tuple[int, str, float, list[Failed]]:
        listener = Listener(engine=TWO)
        await listener.client.start()
        assert listener.client.pid is not None
        own = asyncio.create_task(begin(listener))
        await asyncio.to_thread(_wait_until, moment)
        parent = listener.client.pid
        target = psutil.Process(parent) if victim == "launcher" else await asyncio.to_thread(_awaited, parent, victim)
        kept.update(kept_runs())
        target.kill()
        began = time.monotonic()
        code, tail = await listener.exit()
        own.cancel()
        await asyncio.gather(own, return_exceptions=True)
        return code, tail, time.monotonic() - began, listener.of(Failed)

    code, tail, ended, failures = asyncio.run(kill())
    if victim == "launcher":
        assert code == -signal.SIGKILL, (code, tail)
    else:
        reason = text_of(*coded_exit(code, tail))
        named = [failure.problem for failure in failures] or [reason]
        assert any(f"ank {victim}" in words for words in named), (named, code, tail)
    return _told(place, f"the worker's {victim}, {moment.span:.3f} s after {_since(moment)}", ended, kept)


def _wait_until(moment: Moment) -> None:
    """Wait until `moment`, whatever happens to the process."""
    with psutil.Popen(["sleep", str(PATIENCE)]) as clock:
        wait_for(clock, moment)
        clock.kill()


def _awaited(parent: int, rank: str) -> psutil.Process:
    """Return the `rank` among the children of the process `parent`, once it is there."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        for process in _ranks(parent, rank):
            return process
        time.sleep(0.002)
    raise AssertionError(f"no rank {rank}")


def _ranks(parent: int, rank: str) -> Iterator[psutil.Process]:
    for process in psutil.Process(parent).children():
        try:
            if process.environ().get("RANK") == rank and process.ppid() == parent:
                yield process
        except psutil.Error:  # it is still a copy of its parent, or has ended
            continue


def _told(place: Place, what: str, ended: float, kept: dict[str, Kept]) -> str:
    check_processes(place)
    check_folder(place)
    return f"{what}, over in {ended:.1f} s: {check_runs(kept)}"


def _since(moment: Moment) -> str:
    return "the start" if moment.watched is None else "the run's folder"
