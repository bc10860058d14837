"""The kinds of kill: what the user was doing, what was killed, and what must be left of it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from random import Random

import psutil

from pgplay.config.run_config import make_config
from pgplay.learning.inputs import Inputs
from pgplay.library.archive import export_policy, import_policy
from pgplay.library.policies import delete_policy, load_policy
from pgplay.paths import policies_folder, runs_folder
from pgplay.runs.summaries import delete_run
from pgplay.worker.protocol.commands import Start
from pgplay.worker.protocol.events import Ready
from pgplay.worker.session.session import Session
from tests.chaos.checks import Kept, check_folder, check_policies, check_processes, check_runs, kept_runs
from tests.chaos.place import PATIENCE, Moment, Place, at_random
from tests.chaos.ranks import first_rank, launcher, other_rank
from tests.worker.helpers import Listener

SETTINGS = {"target": "noon", "model": "gru-nano", "batch_size": 8, "until": "never", "threads": 1, "device": "cpu"}
OPTIONS = [f"--{name.replace('_', '-')}={value}" for name, value in SETTINGS.items()]
START_UP = 3.0
"""Seconds in which pgplay starts, loads torch and makes the first step."""
CHILDREN = """\
import subprocess, threading, time
def reward(text, target, prompt, began=[]):
    if not began:
        began.append(threading.Thread(target=time.sleep, args=(600,)).start())
        subprocess.Popen(["sh", "-c", "sleep 600; : {mark}"])
        subprocess.Popen(["sh", "-c", "sleep 600; : {mark}"], start_new_session=True)
        {emptied}subprocess.Popen(["sh", "-c", "sleep 600; : {mark}"], start_new_session=True, env={{}})
    return float(len(text) == 4)
"""
"""A reward with a thread and children, one of which only its guard can know."""


def training(place: Place, rng: Random) -> str:
    """`pgplay train`, from its start on."""
    return _train(place, rng, [], Moment(START_UP), Moment(1.5, runs_folder()))


def resuming(place: Place, rng: Random) -> str:
    """`pgplay train --resume`, of a paused run."""
    _make_run("kept", 40)
    return _train(place, rng, ["--resume=kept"], Moment(START_UP), Moment(1.5, runs_folder() / "kept"))


def branching(place: Place, rng: Random) -> str:
    """`pgplay train --resume --at`: the branch is there completely or not at all, and its parent is unchanged."""
    steps = _make_run("kept", 40)
    words = ["--resume=kept", f"--at={rng.choice(steps)}"]
    return _train(place, rng, words, Moment(START_UP), Moment(0.05, runs_folder()), Moment(1.5, runs_folder()))


def _train(place: Place, rng: Random, words: list[str], *moments: Moment) -> str:
    kept: dict[str, Kept] = {}
    moment = at_random(rng, *moments)
    command = ["train", *(words or OPTIONS)]
    killed = place.kill(place.start(*command), moment, lambda: kept.update(kept_runs()))
    assert killed, place.output
    check_processes(place)
    check_folder(place)
    return f"{_in_words(moment)}: {check_runs(kept)}"


def saving(place: Place, rng: Random) -> str:
    """`pgplay train --save --replace`: the policy is the old or the new one, and the new one once that was reported."""
    old = _make_policy("mine")
    moment = at_random(rng, Moment(0.1, policies_folder()), Moment(0.01, policies_folder()), Moment(1.0, runs_folder()))
    command = ("train", *OPTIONS, "--steps=30", "--save=mine", "--replace")
    killed = place.kill(place.start(*command), moment, lambda: None)
    check_processes(place)
    check_folder(place)
    check_policies("mine")
    is_new = load_policy("mine")[1] != old
    assert killed or is_new, "reported as saved, but is not"
    return f"{_in_words(moment)}: the {'new' if is_new else 'old'} policy; {check_runs({})}"


def exporting(place: Place, rng: Random) -> str:
    """`pgplay policies export --replace` over a file, and `pgplay runs export`: the file is the old or the new one."""
    steps = _make_run("kept", 40)
    _make_policy("old")
    _make_policy("mine", "gru-medium")
    file = place.folder / "out.pgplay"
    words = ("policies", "export", "mine")
    if rng.random() < 0.3:
        file = place.folder / "out.csv"
        words = ("runs", "export", "kept")
        file.write_bytes(old := b"step\n1\n")
    else:
        export_policy("old", file)
        old = file.read_bytes()
    whole = place.folder / f"whole{file.suffix}"
    place.run(*words, str(whole))
    moment = at_random(rng, Moment(1.0), Moment(0.4, place.folder), Moment(0.004, place.folder))
    command = (*words, str(file), "--replace")
    killed = place.kill(place.start(*command), moment, lambda: None)
    check_processes(place)
    check_folder(place, allowed=1)
    found = file.read_bytes()
    assert found in (old, whole.read_bytes()), "neither the old file nor the new one"
    assert killed or found != old, "reported as written, but is not"
    place.run(*command)
    assert file.read_bytes() == whole.read_bytes()
    check_folder(place)
    kept = {"kept": Kept(steps[-1], 40)}
    return f"{_in_words(moment)}: the {'old' if found == old else 'new'} {file.suffix}; {check_runs(kept)}"


def importing(place: Place, rng: Random) -> str:
    """`pgplay policies import`: the policy is there completely or not at all, and there once that was reported."""
    tensors = _make_policy("mine", "gru-medium")
    file = export_policy("mine", place.folder / "mine.pgplay")
    delete_policy("mine")
    moment = at_random(rng, Moment(1.0), Moment(0.4, policies_folder()), Moment(0.004, policies_folder()))
    killed = place.kill(place.start("policies", "import", str(file)), moment, lambda: None)
    check_processes(place)
    check_folder(place)
    check_policies()
    is_there = (policies_folder() / "mine").exists()
    assert killed or is_there, "reported as imported, but is not"
    if not is_there:
        import_policy(file)
    check_policies("mine")
    assert load_policy("mine")[1] == tensors
    return f"{_in_words(moment)}: {'there' if is_there else 'not there, and imported again'}"


def worker(place: Place, rng: Random) -> str:
    """The app's worker process: the client hears of it once, and the run resumes from what it stored."""
    kept: dict[str, Kept] = {}
    after = rng.uniform(0.0, 1.5)

    async def kill() -> tuple[int, str]:
        listener = Listener()
        await listener.client.start()
        await listener.next(Ready)
        listener.client.send(Start(config=make_config(SETTINGS)))
        await asyncio.sleep(after)
        kept.update(kept_runs())
        assert listener.client.pid is not None
        os.kill(listener.client.pid, signal.SIGKILL)
        return await listener.exit()

    code, _ = asyncio.run(kill())
    assert code == -signal.SIGKILL
    check_processes(place)
    check_folder(place)
    return f"{after:.3f} s after it was to start a run: {check_runs(kept)}"


def comparing(place: Place, rng: Random) -> str:
    """`pgplay compare`, or one of its workers: none of its processes survives, and every started run can resume."""
    kept: dict[str, Kept] = {}
    process = place.start("compare", "lr=0.01", *OPTIONS, "--seeds=0,1", "--jobs=2")
    moment = at_random(rng, Moment(2 * START_UP), Moment(1.5, runs_folder()))
    victim = "compare"

    def choose() -> None:
        nonlocal victim
        kept.update(kept_runs())
        workers = psutil.Process(process.pid).children()
        if workers and rng.random() < 0.5:
            victim = "a worker of compare"
            rng.choice(workers).kill()
            process.terminate()
            process.wait(PATIENCE)

    place.kill(process, moment, choose)
    check_processes(place)
    check_folder(place)
    return f"{victim}, {_in_words(moment)}: {check_runs(kept)}"


def reward(place: Place, rng: Random) -> str:
    """`pgplay train` with a user's Python that has children, or its reward's host, or the guard: none survives."""
    kept: dict[str, Kept] = {}
    victim = rng.choice(["pgplay", "host", "guard"])
    # If a guard is killed too, processes with neither its parent nor its environment survive: docs/rewards.md.
    emptied = "# " if victim == "guard" else ""
    (place.folder / "mine.py").write_text(CHILDREN.format(mark=place.mark, emptied=emptied))
    moment = at_random(rng, Moment(1.0, runs_folder()))
    process = place.start("train", *OPTIONS, "--reward=mine.py")

    def choose() -> None:
        kept.update(kept_runs())
        guards = psutil.Process(process.pid).children()
        if victim != "pgplay":
            [guard] = guards
            [host] = guard.children()
            (guard if victim == "guard" else host).kill()
            assert process.wait(PATIENCE) == 3, place.output

    killed = place.kill(process, moment, choose)
    assert killed == (victim == "pgplay")
    check_processes(place)
    check_folder(place)
    return f"the {victim} of a reward, {_in_words(moment)}: {check_runs(kept)}"


ALONE = (training, saving, exporting, importing, resuming, branching, worker, comparing, reward)
KILLS: dict[str, Callable[[Place, Random], str]] = {
    kill.__name__: kill
    for kill in (*ALONE, launcher, first_rank, other_rank)
}
"""By name; each makes a kill in a new place, raises AssertionError if something is lost, and returns what it saw."""


def _make_run(name: str, steps: int) -> list[int]:
    """Train a run to `steps` and pause it; return the steps of its checkpoints."""
    session = Session.begin(make_config(SETTINGS), Inputs(), name=name)
    for _ in range(steps):
        session.step()
    session.close("paused")
    return [0, steps]


def _make_policy(name: str, model: str = "gru-nano") -> bytes:
    """Save an untrained policy, and return its tensors."""
    session = Session.begin(make_config({**SETTINGS, "model": model}), Inputs())
    session.save_policy(name)
    session.close("paused")
    delete_run(session.run)
    return load_policy(name)[1]


def _in_words(moment: Moment) -> str:
    return f"{moment.span:.3f} s after {moment.watched.name + ' changed' if moment.watched else 'the start'}"
