"""Commands that run for another machine: who reads how they end, and what ends with them."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from pgplay.cli import main
from pgplay.cli.remote.service import JobView
from pgplay.cli.signals import INTERRUPTED
from pgplay.paths import sent_folder
from pgplay.worker.client.sent_files import NamedFile
from pgplay.worker.protocol.commands import RunJob
from pgplay.worker.protocol.events import Event, JobEnded, JobOutput
from pgplay.worker.server import jobs
from pgplay.worker.server.exchange import Inbound
from pgplay.worker.server.jobs import Job, delete_old_jobs, find_job
from tests.remote.helpers import play_ssh

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows can be the near side only")

HANGING = 60.0  # seconds


class Sent(list[Event]):
    """The events that are sent."""

    def send(self, event: Event) -> None:
        self.append(event)


def view_of(job: Job) -> tuple[JobView, Sent]:
    sent = Sent()
    return JobView(job, sent), sent  # type: ignore[arg-type]


def until(is_true: Callable[[], object]) -> None:
    give_up = time.monotonic() + HANGING
    while not is_true():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_two_who_look_at_a_job_both_read_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job.start(RunJob(words=("presets", "--json"), engine="ssh:box"))
    job.name_run("mine")
    (first, _), (second, sent) = view_of(job), view_of(Job(job.folder))
    until(lambda: first.report() or first.is_over)
    job.forget()
    assert find_job("mine") is None
    delete_old_jobs()
    second.report()
    assert sent[-1] == JobEnded(status=0)
    assert any(isinstance(event, JobOutput) for event in sent)
    monkeypatch.setattr(jobs, "_FORGOTTEN_FOR", -1)
    delete_old_jobs()
    assert not job.folder.exists()


def test_who_only_looks_leaves_the_end_to_who_started_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = tmp_path / "heard"
    script = "ready()\nhear()\nsay(JobNamed(run='mine'))\nsay(JobEnded(status=0))\n"
    script += f"open({str(heard)!r}, 'wb').write(hear())"
    play_ssh(tmp_path, script, monkeypatch)
    assert main(["watch", "--engine", "ssh:box"]) == 0
    assert '"command":"quit"' in heard.read_text()


def test_the_children_of_a_command_end_with_the_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = tmp_path / "child"
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\nsleep 600 &\necho $! > {child}.new\nmv {child}.new {child}\nwait\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    job = Job.start(RunJob(words=("bench",), engine="ssh:box"))
    until(child.exists)
    process = psutil.Process(int(child.read_text()))
    job.end()
    assert psutil.wait_procs([process], timeout=HANGING)[1] == []
    until(lambda: not job.is_running)


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL])
def test_an_interrupt_that_comes_while_a_job_starts_is_obeyed(handler: signal.Handlers) -> None:
    former = signal.signal(signal.SIGINT, handler)
    try:
        job = Job.start(RunJob(words=("train", "--until=never"), engine="ssh:box"))
    finally:
        signal.signal(signal.SIGINT, former)
    job.signal(signal.SIGINT)
    until(lambda: not job.is_running)
    assert job.status == INTERRUPTED
    assert (job.folder / jobs.STDERR).read_text() == "Interrupted.\n"


def test_a_file_that_was_sent_for_one_command_is_gone_when_it_has_ended() -> None:
    file = NamedFile("nothing.pgplay", b"no policy")
    keep = Inbound()
    for part in file.parts():
        keep.take(part)
    job = Job.start(RunJob(words=("policies", "import", file.far_path), engine="ssh:box"))
    until(lambda: not job.is_running)
    assert "nothing.pgplay" in (job.folder / jobs.STDERR).read_text()
    assert list(sent_folder().iterdir()) == []


def test_a_policy_gets_the_name_that_is_given_also_if_its_file_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = tmp_path / "words"
    script = "from pathlib import Path\nready()\nfile, job = decode_command(hear()), decode_command(hear())\n"
    script += f"Path({str(words)!r}).write_text(' '.join(job.words[3:]))\nsay(JobEnded(status=0))\nhear()"
    play_ssh(tmp_path, script, monkeypatch)
    monkeypatch.chdir(tmp_path)
    Path("mine").write_bytes(b"")
    assert main(["policies", "import", "mine", "--name", "mine", "--replace", "--engine", "ssh:box"]) == 0
    assert words.read_text() == "--name=mine --replace"
