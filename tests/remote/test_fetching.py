"""Policies that come here from another machine, which a script plays."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pgplay.config.engine import parse_engine
from pgplay.library.archive import policy_archive
from pgplay.library.policies import delete_policy, read_policy, save_policy
from pgplay.worker.client.far_worker import FarWorker
from pgplay.worker.protocol.commands import Save
from pgplay.worker.protocol.events import Notice, Ready
from tests.library.test_policies import make_card, make_tensors
from tests.remote.helpers import play_ssh

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the program in the place of ssh is a shell's")

SAVES_BOTH_BEFORE_IT_SENDS_ONE = """
from pathlib import Path
ready()
for command in (decode_command(hear()), decode_command(hear())):
    say(Saved(name=command.name, request=command.request))
for fetch in (decode_command(hear()), decode_command(hear())):
    for data, last in in_parts(Path(FOLDER, fetch.name).read_bytes()):
        say(FilePart(data=data, last=last, request=fetch.request))
hear()
"""
ASKED = """
ready()
hear()
print("asked", file=sys.stderr, flush=True)
"""
STOPS_AT_ONCE = f"""{ASKED}hear()
print("interrupted", file=sys.stderr, flush=True)
hear()
say(JobEnded(status=STATUS))
print(decode_command(hear()), file=sys.stderr, flush=True)
"""
LOOKS_FOR_A_JOB = f"""{ASKED}print("heard", decode_command(hear()), file=sys.stderr, flush=True)
"""
NEVER_BEGINS = f"""{ASKED}hear()
say(JobEnded(status=130))
print("heard", decode_command(hear()), file=sys.stderr, flush=True)
"""
NEVER_SENDS = f"""{ASKED}hear()
"""


async def test_two_policies_that_are_saved_at_once_keep_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = {"first": 10, "second": 20}
    for name, count in steps.items():
        save_policy(make_card(name, steps=count), make_tensors(0))
        (tmp_path / name).write_bytes(policy_archive(name))
        delete_policy(name)
    play_ssh(tmp_path, f"FOLDER = {str(tmp_path)!r}{SAVES_BOTH_BEFORE_IT_SENDS_ONE}", monkeypatch)
    events = asyncio.Queue()
    worker = FarWorker(events.put_nowait, lambda *end: events.put_nowait(end), parse_engine("ssh:box"))

    async def next_of(kind):
        async with asyncio.timeout(60):
            while not isinstance(event := await events.get(), kind):
                assert not isinstance(event, tuple), event
            return event

    await worker.start()
    await next_of(Ready)
    for number, name in enumerate(steps, start=1):
        worker.send(Save(name=name, request=number))
    for name in steps:
        assert (await next_of(Notice)).message == f"The policy {name} is saved here too."
    await worker.close()
    assert {name: read_policy(name).steps for name in steps} == steps
    assert {read_policy(name).host for name in steps} == {"box"}


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start pgplay on the other machine with the home of the tests in `folder`."""
    command = [sys.executable, "-P", "-m", "pgplay", *words, "--engine", "ssh:box"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def interrupt_once(said: str, near: subprocess.Popen[str], folder: Path) -> None:
    """Send Ctrl-C to `near` as soon as the other machine has `said` so."""
    log = folder / "home" / "worker.log"
    while not (log.exists() and said in log.read_text()):
        assert near.poll() is None, near.communicate()
        time.sleep(0.01)
    near.send_signal(signal.SIGINT)


def test_ctrl_c_ends_a_policy_that_does_not_arrive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play_ssh(tmp_path, NEVER_SENDS, monkeypatch)
    with started(tmp_path, "policies", "export", "mine", "x.pgplay") as near:
        interrupt_once("asked", near, tmp_path)
        told = near.communicate(timeout=60)[1]
    assert near.returncode == 130
    assert told.splitlines() == [
        "The policy mine is saved on box, but did not arrive here: interrupted.",
        "Fetch it later: pgplay policies export mine --engine ssh:box",
    ]


@pytest.mark.parametrize("status", [130, None])
def test_no_policy_is_fetched_from_a_run_that_was_stopped_at_once(
    status: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_ssh(tmp_path, f"STATUS = {status}\n{STOPS_AT_ONCE}", monkeypatch)
    with started(tmp_path, "train", "--target=a", "--save=mine") as near:
        interrupt_once("asked", near, tmp_path)
        interrupt_once("interrupted", near, tmp_path)
        near.communicate(timeout=60)
    assert near.returncode == 130
    assert "ForgetJob" in (tmp_path / "home" / "worker.log").read_text()


def test_ctrl_c_before_a_job_was_found_leaves_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play_ssh(tmp_path, LOOKS_FOR_A_JOB, monkeypatch)
    with started(tmp_path, "train", "--resume=mine") as near:
        interrupt_once("asked", near, tmp_path)
        told = near.communicate(timeout=60)[1]
    assert (near.returncode, told.splitlines()[-1]) == (130, "Interrupted.")
    assert "heard Quit" in (tmp_path / "home" / "worker.log").read_text()


def test_no_policy_is_fetched_from_a_run_that_was_stopped_before_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_ssh(tmp_path, NEVER_BEGINS, monkeypatch)
    with started(tmp_path, "train", "--target=a", "--save=mine", "--replace") as near:
        interrupt_once("asked", near, tmp_path)
        near.communicate(timeout=60)
    assert near.returncode == 130
    assert "heard ForgetJob" in (tmp_path / "home" / "worker.log").read_text()
