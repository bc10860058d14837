"""Policies that come here from another machine, which a script plays."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
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
NEVER_SENDS = """
ready()
hear()
print("asked", file=sys.stderr, flush=True)
hear()
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


def test_ctrl_c_ends_a_policy_that_does_not_arrive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play_ssh(tmp_path, NEVER_SENDS, monkeypatch)
    command = [sys.executable, "-P", "-m", "pgplay", "policies", "export", "mine", "x.pgplay", "--engine", "ssh:box"]
    log = tmp_path / "home" / "worker.log"
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as near:
        while not (log.exists() and "asked" in log.read_text()):
            assert near.poll() is None, near.communicate()
        near.send_signal(signal.SIGINT)
        told = near.communicate(timeout=60)[1]
    assert near.returncode == 130
    assert told.splitlines() == [
        "The policy mine is saved on box, but did not arrive here: interrupted.",
        "Fetch it later: pgplay policies export mine --engine ssh:box",
    ]
