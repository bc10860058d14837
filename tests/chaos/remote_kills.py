"""Kills around `pgplay train --engine ssh:HOST`, on either side: what each loses, and what it leaves running."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import psutil

from pgplay.config.engine import parse_engine
from pgplay.config.run_config import make_config
from pgplay.files.atomic import kept_folders
from pgplay.paths import jobs_folder, runs_folder
from pgplay.worker.client.far_worker import FarWorker
from pgplay.worker.protocol.commands import Start
from pgplay.worker.protocol.events import Ready
from pgplay.worker.server.jobs import Job
from tests.chaos.checks import Kept, check_folder, check_processes, check_runs, kept_runs
from tests.chaos.kills import OPTIONS, SETTINGS, START_UP
from tests.chaos.place import MARK, PATIENCE, Moment, Place, at_random, wait_for
from tests.remote.ssh_server import Machine, start_machine

TRAIN = ("train", "--engine=ssh:box")
JOB, REPORTER = "pgplay.cli.remote.job_process", "--commands"
"""Words of the command lines of the process that trains there, and of the one that serves a near side."""
SSH_CONFIG = "PGPLAY_SSH_CONFIG"


def link(place: Place, rng: Random) -> str:
    """The ssh process: `pgplay train` says so, and the run trains on until somebody comes back to it."""

    def break_link(near: subprocess.Popen[bytes]) -> str:
        [ssh] = [child for child in psutil.Process(near.pid).children() if child.name() == "ssh"]
        ssh.kill()
        assert near.wait(PATIENCE) == 1, place.output
        assert "Traceback" not in place.output, place.output
        return "ssh"

    return _train(place, rng, break_link)


def far_worker(place: Place, rng: Random) -> str:
    """The process that trains there, whose run is kept, or the one that reports it, without which it trains on."""

    def kill_there(near: subprocess.Popen[bytes]) -> str:
        victim = rng.choice([JOB, REPORTER])
        found = [process for process in place.processes() if _is(victim, process)]
        for process in found:
            process.kill()
        if not found:
            near.kill()
        assert near.wait(PATIENCE) == (1 if found else -signal.SIGKILL), place.output
        assert "Traceback" not in place.output, place.output
        return {JOB: "the job", REPORTER: "its reporter"}[victim] if found else "train, as none had begun"

    return _train(place, rng, kill_there)


def near_side(place: Place, rng: Random) -> str:
    """`pgplay train` itself: the run trains on until somebody comes back to it."""

    def kill_here(near: subprocess.Popen[bytes]) -> str:
        near.kill()
        near.wait(PATIENCE)
        return "train"

    return _train(place, rng, kill_here)


def app_worker(place: Place, rng: Random) -> str:
    """The app's worker there: the app hears of it once, and the run resumes from what it stored."""
    kept: dict[str, Kept] = {}
    after = rng.uniform(0.0, 3.0)

    async def kill(machine: Machine) -> None:
        heard: asyncio.Queue[object] = asyncio.Queue()
        worker = FarWorker(heard.put_nowait, lambda *end: heard.put_nowait(end), parse_engine("ssh:box"))
        await worker.start()
        while not isinstance(await heard.get(), Ready):
            pass
        worker.send(Start(config=make_config(SETTINGS)))
        await asyncio.sleep(after)
        with _at_home_in(machine):
            kept.update(kept_runs())
        [there] = [process for process in place.processes() if _is("--stays", process)]
        there.kill()
        while not isinstance(await heard.get(), tuple):
            pass
        await worker.close()

    with _other_machine(place) as machine:
        asyncio.run(kill(machine))
    check_processes(place)
    with _at_home_in(machine):
        return f"{after:.3f} s after it was to start a run: {check_runs(kept)}"


def _train(place: Place, rng: Random, kill: Callable[[subprocess.Popen[bytes]], str]) -> str:
    """Kill at a random moment of a training there; what trains on is ended by coming back to it and Ctrl-C."""
    kept: dict[str, Kept] = {}
    with _other_machine(place) as machine:
        with _at_home_in(machine):
            moment = at_random(rng, Moment(START_UP), Moment(1.5, runs_folder()))
            near = place.start(*TRAIN, *OPTIONS)
            while not _has_ssh(near):
                time.sleep(0.01)
            wait_for(near, moment)
            kept.update(kept_runs())
        victim = kill(near)
        runs = _still_training(place, machine)
        for run in runs:
            _come_back(place, run)
    check_processes(place)
    check_folder(place)
    with _at_home_in(machine):
        when = f"{moment.span:.3f} s after {'the first run' if moment.watched else 'the start'}"
        return f"{victim}, {when}: {len(runs)} trained on; {check_runs(kept)}"


@contextmanager
def _other_machine(place: Place) -> Iterator[Machine]:
    machine = start_machine(place.folder.parent / "machine", {MARK: place.mark})
    os.environ[SSH_CONFIG] = str(machine.config)
    try:
        yield machine
    finally:
        machine.close()
        del os.environ[SSH_CONFIG]


@contextmanager
def _at_home_in(machine: Machine) -> Iterator[None]:
    """Read what is stored on the other machine."""
    here = os.environ["PGPLAY_HOME"]
    os.environ["PGPLAY_HOME"] = str(machine.data)
    try:
        yield
    finally:
        os.environ["PGPLAY_HOME"] = here


def _has_ssh(near: subprocess.Popen[bytes]) -> bool:
    assert near.poll() is None
    return any(child.name() == "ssh" for child in psutil.Process(near.pid).children())


def _is(word: str, process: psutil.Process) -> bool:
    """Whether `process` runs the command with `word`, and is not the ssh that asks for it."""
    try:
        return word in process.cmdline() and process.name() != "ssh"
    except psutil.Error:  # it has ended
        return False


def _is_sshd(process: psutil.Process) -> bool:
    try:
        return process.name().startswith("sshd")
    except psutil.Error:  # it has ended
        return False


def _still_training(place: Place, machine: Machine) -> list[str]:
    """Return the runs that train on there, once each job has begun its run and nothing but them and sshd is left."""
    give_up = time.monotonic() + PATIENCE
    with _at_home_in(machine):
        while True:
            left = [process for process in place.processes() if not _is_sshd(process)]
            training = [process for process in left if _is(JOB, process)]
            runs = [job.run for job in (Job(folder) for folder in kept_folders(jobs_folder())) if job.is_running]
            if len(left) == len(training) == len(runs) and all(runs):
                return runs
            assert time.monotonic() < give_up, (left, runs)
            time.sleep(0.05)


def _come_back(place: Place, run: str) -> None:
    """Follow `run` with `pgplay train --resume` until it shows a step, and end it with Ctrl-C."""
    near = place.start(*TRAIN, f"--resume={run}")
    give_up = time.monotonic() + PATIENCE
    while "step " not in place.output:
        assert near.poll() is None, place.output
        assert time.monotonic() < give_up, place.output
        time.sleep(0.05)
    near.send_signal(signal.SIGINT)
    assert near.wait(PATIENCE) == 130, place.output


REMOTE_KILLS: dict[str, Callable[[Place, Random], str]] = {
    kill.__name__: kill for kill in (link, far_worker, near_side, app_worker)
}
"""By name, as `KILLS`; they need sshd."""
