"""Runs on several processes, from their start to their end: torchrun's for the app, and those of `pgplay train`."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from pgplay.cli import main
from pgplay.config.engine import Engine, parse_engine
from pgplay.config.run_config import make_config
from pgplay.errors import InputError, PgplayError
from pgplay.locale.catalog import text_of
from pgplay.policies.ranks import ALONE, is_gone
from pgplay.worker.client.client import worker_environment
from pgplay.worker.exit_reason import coded_exit
from pgplay.worker.launcher import LAUNCHER
from pgplay.worker.protocol.commands import Start
from pgplay.worker.protocol.events import Failed, Ready, Snapshot
from pgplay.worker.session.processes import started
from tests.learning.helpers import trainer as make_trainer
from tests.worker.helpers import Listener

SETTINGS: dict[str, Any] = {
    "target": "blue heron",
    "model": "gru-nano",
    "batch_size": 8,
    "until": "never",
    "device": "cpu",
}
WAITED = 60.0
"""Seconds, only against a test that would wait for ever."""
RUN = [word for name, value in SETTINGS.items() for word in (f"--{name.replace('_', '-')}", str(value))]


@asynccontextmanager
async def training() -> AsyncIterator[tuple[Listener, psutil.Process, psutil.Process]]:
    """Yield the listener of a worker of two ranks that trains, and its ranks; no process may be left at the end."""
    listener = Listener(engine=Engine("processes", 2))
    await listener.client.start()
    try:
        ready = await listener.next(Ready)
        assert listener.client.pid is not None
        ranks = {process.pid: process for process in psutil.Process(listener.client.pid).children()}
        first = ranks.pop(ready.pid)
        (other,) = ranks.values()
        listener.client.send(Start(config=make_config(SETTINGS)))
        await listener.next(Snapshot, lambda snapshot: snapshot.report.step >= 2)
        yield listener, first, other
    finally:
        await listener.client.close(10.0)
    psutil.wait_procs([first, other], timeout=30)
    assert [process for process in (first, other) if process.is_running() and process.status() != "zombie"] == []


@pytest.mark.nightly
async def test_a_worker_of_two_ranks_trains_until_it_is_closed() -> None:
    async with training() as (listener, _, _):
        await listener.client.close(30.0)
    assert listener.of(Failed) == []
    assert listener.exits == []


@pytest.mark.exhaustive
async def test_a_rank_that_dies_ends_the_run_with_its_name_and_the_step_to_resume_from() -> None:
    async with training() as (listener, _, other):
        assert os.readlink(f"/proc/{other.pid}/fd/0") == os.devnull  # all ranks inherit one standard input
        other.kill()
        failed = await listener.next(Failed)
        code, _ = await listener.exit()
    assert failed.code == "engine.rank_lost"
    assert failed.problem.startswith("Rank 1, one of the run's 2 processes, died")
    assert failed.run
    assert failed.checkpoint_step is not None
    assert code != 0


@pytest.mark.exhaustive
async def test_a_rank_that_another_leaves_alone_has_not_failed() -> None:
    async with training() as (listener, first, other):
        assert listener.client.pid is not None
        launcher = psutil.Process(listener.client.pid)
        launcher.suspend()
        first.kill()
        while not is_gone(other.pid):
            await asyncio.sleep(0.01)
        launcher.resume()
        code, log_tail = await listener.exit()
    assert text_of(*coded_exit(code, log_tail)) == "rank 0 ended first, it was killed (SIGKILL)"
    assert "local_rank: 1" not in log_tail


@pytest.mark.exhaustive
def test_of_three_ranks_the_one_that_died_is_named_though_the_first_one_looks_late() -> None:
    follower = (
        "import runpy\nfrom pgplay.config import engine\nengine.available_cores = lambda: 3\n"
        "runpy.run_module('pgplay.worker', run_name='__main__')"
    )
    first = (
        "import os, signal, sys, time\nfrom pgplay.config.engine import Engine\n"
        "from pgplay.policies.ranks import is_gone\nfrom pgplay.worker.session.processes import started\n"
        "with started(Engine('processes', 3), ('-c', sys.argv[1])) as ranks:\n"
        "    _, second, third = ranks._processes\n    os.kill(third, signal.SIGKILL)\n"
        "    while not is_gone(third): time.sleep(0.01)\n"
        "    ends = time.monotonic() + 3\n"
        "    while not is_gone(second) and time.monotonic() < ends: time.sleep(0.01)\n"
        "    ranks.say(b'a step')"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", first, follower],
        env=worker_environment(), capture_output=True, text=True, timeout=WAITED,
    )  # fmt: skip
    assert "LostRankError: Rank 2, one of the run's 3 processes, died" in done.stderr
    assert "[rank 1] Rank 2, one of the run's 3 processes, died" in done.stderr


@pytest.mark.exhaustive
async def test_a_rank_that_dies_is_named_also_where_the_launcher_tells_the_first_one_to_end_before_it_notices() -> None:
    async with training() as (listener, first, other):
        first.suspend()
        other.kill()
        while not is_among(first, "ShdPnd", signal.SIGTERM):
            await asyncio.sleep(0.01)
        first.resume()
        failed = await listener.next(Failed)
        await listener.exit()
    assert failed.code == "engine.rank_lost"
    assert [event.code for event in listener.of(Failed)] == ["engine.rank_lost"]


def is_among(process: psutil.Process, signals: str, number: signal.Signals) -> bool:
    """Return whether a signal is among those that Linux calls "ShdPnd", which wait, or "SigIgn", which are ignored."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    (mask,) = (line.split()[1] for line in lines if line.startswith(f"{signals}:"))
    return bool(int(mask, 16) >> (number - 1) & 1)


@pytest.mark.nightly
async def test_no_rank_and_no_temporary_folder_outlives_the_launcher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    async with training() as (listener, _, _):
        assert listener.client.pid is not None
        os.kill(listener.client.pid, signal.SIGKILL)
        code, _ = await listener.exit()
    assert code == -signal.SIGKILL
    assert list(folder.iterdir()) == []


def train(*words: str, engine: str = "processes:2") -> subprocess.Popen[str]:
    command = [sys.executable, "-P", "-m", "pgplay", "train", "--engine", engine, *RUN, *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=worker_environment(), stdout=pipe, stderr=pipe, text=True)


def follower_of(process: subprocess.Popen[str], is_ready: Callable[[], bool]) -> psutil.Process:
    """Return the second rank of a training `process`, once `is_ready`."""
    parent = psutil.Process(process.pid)
    while not is_ready():
        assert process.poll() is None, process.communicate()
    (follower,) = [child for child in parent.children() if "pgplay.worker" in child.cmdline()]
    return follower


def has_steps(home: Path) -> Callable[[], bool]:
    return lambda: any(home.glob("**/runs/*/checkpoint*"))


@pytest.mark.exhaustive
def test_train_on_two_processes_reaches_the_numbers_of_one() -> None:
    output, errors = train("--steps", "4", "--json").communicate()
    assert output, errors
    summary = json.loads(output)
    one = make_trainer(**SETTINGS, alphabet="auto")
    reports = [one.step() for _ in range(4)]
    assert (summary["engine"], summary["steps"]) == ("processes:2", 4)
    assert "engine" not in summary["recipe"]
    assert summary["reward_mean"] == pytest.approx(reports[-1].metrics["reward_mean"], abs=1e-5)
    assert [row["text"] for row in summary["greedy"]] == one.greedy_texts(one.plan.task.training)
    (cross_entropy,) = one.policy.cross_entropy(one.plan.task.training)
    assert summary["cross_entropy"] == pytest.approx(cross_entropy, abs=1e-4)


@pytest.mark.nightly
def test_a_rank_of_train_that_dies_is_named_and_the_run_can_be_resumed(home: Path) -> None:
    process = train()
    follower = follower_of(process, has_steps(home))
    follower.kill()
    _, errors = process.communicate()
    assert process.returncode == 1
    assert "Rank 1, one of the run's 2 processes, died" in errors
    assert "pgplay train --engine processes:2 --resume" in errors
    assert "Traceback" not in errors


@pytest.mark.nightly
def test_no_follower_outlives_train(home: Path) -> None:
    process = train()
    follower = follower_of(process, has_steps(home))
    process.kill()
    process.communicate()
    psutil.wait_procs([follower], timeout=30)
    assert is_gone(follower.pid)


@pytest.mark.exhaustive
def test_what_a_follower_prints_is_marked_with_its_rank_and_one_that_ends_early_is_named(
    capfd: pytest.CaptureFixture[str],
) -> None:
    text = (
        "import os\nfrom pgplay.worker.session.rank_guard import rank_here, take_follower_streams\n"
        "finish = take_follower_streams(rank_here())\n"
        "os.write(1, b'one\\ntwo')\nprint('three')\nassert not os.read(0, 1)\nfinish()\nos._exit(3)"
    )
    with pytest.raises(PgplayError, match=r"Rank 1, .* ended before training began: exit status 3"):  # noqa: SIM117
        with started(Engine("processes", 2), ("-c", text)):
            pass
    assert capfd.readouterr().err == "[rank 1] one\n[rank 1] twothree\n"


@pytest.mark.exhaustive
def test_a_rank_that_dies_while_it_joins_the_others_ends_the_run_with_its_name() -> None:
    follower = (
        "import os, signal\nfrom torch.distributed import TCPStore\n"
        "store = TCPStore(os.environ['MASTER_ADDR'], int(os.environ['MASTER_PORT']), is_master=False)\n"
        "store.set('pgplay/started/1', '1')\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    first = (
        "import sys\nfrom pgplay.config.engine import Engine\nfrom pgplay.worker.session.processes import started\n"
        "with started(Engine('processes', 2), ('-c', sys.argv[1])): pass"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", first, follower],
        env=worker_environment(), capture_output=True, text=True, timeout=WAITED,
    )  # fmt: skip
    assert "Rank 1, one of the run's 2 processes, ended before training began: it was killed (SIGKILL)" in done.stderr


@pytest.mark.exhaustive
def test_a_rank_that_dies_ends_the_run_though_its_connection_stays_open(tmp_path: Path) -> None:
    holder = tmp_path / "holder"
    follower = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from pgplay.worker.session.processes import _join_as_follower\nranks = _join_as_follower()\n"
        "if holder := os.fork():  # has the connections, too\n"
        f"    Path({str(holder)!r}).write_text(str(holder))\n"
        "    ranks.hear()\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "os.closerange(0, 3)\nsignal.pause()"
    )
    first = (
        "import sys, torch\nfrom pgplay.config.engine import Engine\n"
        "from pgplay.worker.session.processes import started\n"
        "with started(Engine('processes', 2), ('-c', sys.argv[1])) as ranks:\n"
        "    ranks.say(b'a step')\n    ranks.add([torch.ones(3)])"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", first, follower],
            env=worker_environment(), capture_output=True, text=True, timeout=WAITED,
        )  # fmt: skip
    finally:
        if holder.exists():
            os.kill(int(holder.read_text()), signal.SIGKILL)
    assert "LostRankError: Rank 1, one of the run's 2 processes, died" in done.stderr
    assert done.returncode == 1


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_process_lives_where_nothing_can_be_read_of_it_for_want_of_a_descriptor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*arguments: object, **options: object) -> str:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(Path, "read_text", fail)
    assert not is_gone(os.getpid())


async def starting_ranks(listener: Listener) -> dict[str, psutil.Process]:
    """Start two ranks and return them by their numbers, before they have joined."""
    await listener.client.start()
    assert listener.client.pid is not None
    launcher = psutil.Process(listener.client.pid)
    ranks: dict[str, psutil.Process] = {}
    while len(ranks) < 2:
        await asyncio.sleep(0.01)
        ranks = {rank.environ()["RANK"]: rank for rank in launcher.children() if "RANK" in rank.environ()}
    return ranks


async def end_of(listener: Listener, ranks: dict[str, psutil.Process]) -> tuple[str, str]:
    """Return how the launcher ended, and its log, once no rank is left."""
    code, log_tail = await listener.exit()
    psutil.wait_procs(ranks.values(), timeout=WAITED)
    assert all(is_gone(rank.pid) for rank in ranks.values())
    return text_of(*coded_exit(code, log_tail)), log_tail


@pytest.mark.exhaustive
async def test_a_rank_that_dies_while_torchrun_starts_it_is_named() -> None:
    listener = Listener(engine=Engine("processes", 2))
    ranks = await starting_ranks(listener)
    ranks["1"].kill()
    reason, _ = await end_of(listener, ranks)
    assert reason == "rank 1 ended first, it was killed (SIGKILL)"


@pytest.mark.exhaustive
async def test_a_rank_that_waits_for_a_first_one_that_died_ends_when_torchrun_says_so() -> None:
    listener = Listener(engine=Engine("processes", 2))
    ranks = await starting_ranks(listener)
    ranks["0"].suspend()
    while not is_among(ranks["1"], "SigIgn", signal.SIGINT):  # it is about to join
        await asyncio.sleep(0.01)
    ranks["0"].kill()
    reason, log_tail = await end_of(listener, ranks)
    assert reason == "rank 0 ended first, it was killed (SIGKILL)"
    assert "Signal 15 (SIGTERM) received" in log_tail


async def test_an_app_is_told_in_place_of_a_greeting_what_its_engine_lacks_here() -> None:
    there = torch.cuda.device_count()
    listener = Listener(engine=Engine("gpus", there + 2))
    await listener.client.start()
    failed = await listener.next(Failed)
    code, log_tail = await listener.exit()
    assert failed.problem == f"This machine has {there} GPU{'s' * (there != 1)} that torch can use, not {there + 2}."
    assert "processes:N" in failed.remedy
    assert (code, log_tail) == (1, "")


def test_a_rank_whose_launcher_has_ended_already_ends_too() -> None:
    launcher = subprocess.Popen([sys.executable, "-c", ""])
    launcher.wait()
    rank = (
        "import signal, threading\nfrom pgplay.worker.session.rank_guard import end_with_parent\n"
        "end_with_parent(signal.SIGKILL)\nthreading.Event().wait()"
    )
    environment = {**worker_environment(), LAUNCHER: str(launcher.pid)}
    done = subprocess.run([sys.executable, "-P", "-c", rank], env=environment, timeout=WAITED)
    assert done.returncode == -signal.SIGKILL


def test_one_process_starts_no_other() -> None:
    with started(Engine("processes", 1)) as ranks:
        assert ranks is ALONE


@pytest.mark.parametrize("text", ["local", " processes:2", "gpus:8", "processes:2:sharded", "ssh:box:gpus:8:sharded"])
def test_an_engine_is_written_as_it_is_read(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgplay.config.engine.available_cores", lambda: 2)
    assert str(parse_engine(text)) == text.strip()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("cluster", "There is no engine called 'cluster'"),
        ("local:2", "There is no engine called 'local:2'"),
        ("", "There is no engine called ''"),
        ("processes", "'processes' does not say how many"),
        ("gpus:0", "'gpus:0' does not say how many"),
        ("gpus:2:shard", "There is no engine called 'gpus:2:shard'"),
        ("processes:²", "does not say how many"),
        ("processes:3", "pgplay may use 2 CPU cores here, which is too few for 3 processes"),
    ],
)
def test_what_is_no_engine_here_is_refused(text: str, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgplay.config.engine.available_cores", lambda: 2)
    with pytest.raises(InputError) as refused:
        parse_engine(text)
    assert problem in refused.value.problem
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("engine", "absent", "problem"),
    [
        (Engine("gpus", 1), "cuda.device_count", "This machine has 0 GPUs that torch can use, not 1"),
        (Engine("gpus", 2), "cuda.device_count", "This machine has 0 GPUs that torch can use, not 2"),
        (Engine("processes", 2), "distributed.is_available", "This build of torch has no torch.distributed"),
    ],
)
def test_what_this_machine_lacks_is_said_before_anything_starts(
    engine: Engine, absent: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"torch.{absent}", lambda: 0)
    with pytest.raises(InputError, match=problem), started(engine):
        pass


def test_the_launcher_restarts_no_rank_and_tells_each_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    from pgplay.worker.client.client import default_command

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("WORLD_SIZE", "4")  # pgplay itself may have been started by a torchrun
    monkeypatch.setattr("pgplay.config.engine.available_cores", lambda: 8)
    engine = Engine("processes", 2)
    command, environment = default_command(engine), worker_environment(engine)
    assert command[command.index("--max-restarts") + 1] == "0"
    assert command[-4:] == ["--max-restarts", "0", "-m", "pgplay.worker"]
    assert (environment["OMP_NUM_THREADS"], environment["PYTHONSAFEPATH"]) == ("4", "1")
    assert "WORLD_SIZE" not in worker_environment()
    assert "OMP_NUM_THREADS" not in worker_environment()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--engine", "processes:99"], "too few for 99 processes"),
        (["--engine", "processes:2", "--algorithm", "hill-climb"], "cannot share a run of hill-climb"),
    ],
)
def test_train_refuses_what_no_engine_can_do(
    words: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--target", "ab", *words]) == 2
    assert problem in capsys.readouterr().err


def test_a_process_ends_with_its_parent_where_no_signal_says_so() -> None:
    child = (
        "import platform, signal, sys, threading\nfrom pgplay.worker.session import rank_guard\n"
        "platform.system = lambda: 'Darwin'\nrank_guard._LOOK = 0.01\n"
        "rank_guard.end_with_parent(signal.SIGKILL)\nprint('ready', flush=True)\nthreading.Event().wait()"
    )
    parent = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\nprint(child.pid, flush=True)\nsys.stdin.read()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", parent, child], stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        orphan = psutil.Process(int(process.stdout.readline()))
        process.kill()
    psutil.wait_procs([orphan], timeout=30)
    assert is_gone(orphan.pid)
