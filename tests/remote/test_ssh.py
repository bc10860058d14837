import asyncio
import getpass
import json
import os
import pwd
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from pgplay.cli import main
from pgplay.cli.remote import near_side
from pgplay.config.engine import parse_engine
from pgplay.config.run_config import make_config
from pgplay.config.ssh_host import parse_host
from pgplay.errors import InputError
from pgplay.library.archive import import_policy
from pgplay.library.policies import read_policy
from pgplay.runs.names import find_run
from pgplay.runs.summaries import summary_of
from pgplay.worker.client.far_worker import FarWorker
from pgplay.worker.client.ssh import ssh_command, ssh_failure
from pgplay.worker.protocol.codec import PROTOCOL_VERSION
from pgplay.worker.protocol.commands import Resume, Save, Start
from pgplay.worker.protocol.events import Changed, Failed, Notice, Ready, Refused, Snapshot, StateChanged
from pgplay.worker.server.jobs import find_job
from tests.remote.helpers import REWARD
from tests.remote.ssh_server import needs_sshd
from tests.worker.helpers import own_rewards

needs_bash = pytest.mark.skipif(
    not pwd.getpwnam(getpass.getuser()).pw_shell.endswith("bash"), reason="its start file is bash's"
)


@pytest.mark.parametrize(
    "host", ["box", "me@box", "ssh://me@box:2222", "ssh://[::1]:22", "ssh://[::1]", "192.0.2.1", "fe80::1%eth0"]
)
def test_a_host_is_what_ssh_takes(host):
    assert parse_host(host) == host
    assert ssh_command(host)[-4:] == ["--", host, "pgplay", "worker"]


@pytest.mark.parametrize("host", ["", "-oProxyCommand=x", "me@-box", "a b", "a\tb", "a\x1bb", "@box", "ssh://", "a\nb"])
def test_what_could_be_an_option_or_another_word_is_refused(host):
    with pytest.raises(InputError, match="not the name of a machine"):
        parse_host(host)


@pytest.mark.parametrize("host", ["ssh://box:0", "ssh://me@box:65536", "ssh://[::1]:x", "ssh://box:"])
def test_what_is_no_port_is_refused(host):
    with pytest.raises(InputError, match="is not a port"):
        parse_host(host)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("ssh: Could not resolve hostname box: Name or service not known", "knows no machine"),
        ("ssh: connect to host box port 22: Connection refused", "no ssh server answers"),
        ("ssh: connect to host box port 22: Connection timed out", "does not answer"),
        ("me@box: Permission denied (publickey,password).", "none of your keys"),
        ("Host key verification failed.", "does not know the host key"),
        ("@  WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!  @\nHost key verification failed.", "another one"),
        ("some news of a later ssh", "some news"),
    ],
)
def test_a_failure_of_ssh_is_told_in_words(line, problem):
    error = ssh_failure("box", 255, f"Warning: a banner\n{line}\n", greeted=False)
    assert problem in error.problem
    assert error.remedy
    assert error.exit_status == 1


@needs_sshd
def test_a_command_runs_there_and_its_status_comes_back(far, capfd):
    assert main(["runs", "list", "--json", "--engine", "ssh:box"]) == 0
    assert capfd.readouterr().out == "[]\n"
    assert main(["runs", "show", "nothing", "--engine=ssh:box"]) == 2
    assert "There is no run called 'nothing'." in capfd.readouterr().err


@needs_sshd
def test_a_closed_port_an_unknown_key_and_a_stranger_are_told_apart(far, capfd, monkeypatch, tmp_path):
    text = far.config.read_text()
    for words, changed in {
        "no ssh server answers": text.replace(f"Port {far.port}", "Port 1"),
        "none of your keys": text.replace("user_key", "host_key"),
        "does not know the host key": text.replace("known_hosts", "authorized_keys"),
    }.items():
        (tmp_path / "config").write_text(changed)
        monkeypatch.setenv("PGPLAY_SSH_CONFIG", str(tmp_path / "config"))
        assert main(["runs", "--engine", "ssh:box"]) == 1
        lines = capfd.readouterr().err.splitlines()
        assert words in lines[0]
        assert len(lines) == 2


@needs_sshd
@needs_bash
def test_a_machine_without_pgplay_is_told_how_to_get_it(far, capfd):
    far.start_file.write_text("PATH=/nowhere")
    assert main(["runs", "--engine", "ssh:box"]) == 1
    problem, remedy = capfd.readouterr().err.splitlines()
    assert "no pgplay on box" in problem
    assert "pip install" in remedy


@needs_sshd
@needs_bash
def test_a_start_file_may_greet_but_not_pour(far, capfd):
    far.start_file.write_text("echo Welcome to box; echo '{\"no\": 1}'; printf 'ready> '\n")
    assert main(["runs", "list", "--json", "--engine", "ssh:box"]) == 0
    assert capfd.readouterr().out == "[]\n"
    far.start_file.write_text("echo Welcome; yes spam | head -c 100000; cat\n")
    assert main(["runs", "--engine", "ssh:box"]) == 1
    problem, remedy = capfd.readouterr().err.splitlines()
    assert "such as Welcome" in problem
    assert "~/.bashrc" in remedy


@needs_sshd
@needs_bash
def test_another_version_there_is_told(far, capfd, tmp_path):
    far.start_file.write_text(f"PATH={tmp_path}:$PATH\n")
    other = tmp_path / "pgplay"
    ready = '{"event":"ready","protocol":%d,"pid":1,"versions":{"pgplay":"99.0"},"devices":[],"seconds":0}'
    for script, words in {
        f"echo '{ready % 1}'; exec cat": "protocol version 1",
        f"echo '{ready % PROTOCOL_VERSION}'; exec cat": "is version 99.0",
        "echo '{\"event\":\"log\",\"line\":\"\"}'; exec cat": "another version",
        "exit 2": "another version",
    }.items():
        other.write_text(f"#!/bin/sh\n{script}\n")
        other.chmod(0o755)
        assert main(["runs", "--engine", "ssh:box"]) == 1
        problem, remedy = capfd.readouterr().err.splitlines()
        assert words in problem
        assert "the same one" in remedy


@needs_sshd
def test_a_machine_that_does_not_answer_is_told_of(far, capfd, monkeypatch):
    monkeypatch.setattr(near_side, "PATIENCE", 0.0)
    assert main(["runs", "list", "--json", "--engine", "ssh:box"]) == 0
    assert "pgplay on box has not answered yet" in capfd.readouterr().err


@needs_sshd
@needs_bash
def test_what_fails_there_is_told_with_the_machine(far, capfd):
    far.start_file.write_text("export PGPLAY_HOME=/dev/null/nowhere\n")
    assert main(["runs", "stop", "nothing", "--engine", "ssh:box"]) != 0
    assert main(["train", "--target=abc", "--engine", "ssh:box"]) != 0
    first, *_, last, remedy = capfd.readouterr().err.splitlines()
    assert first.startswith("On box: ")
    assert last.startswith("On box: ")
    assert remedy


@needs_sshd
def test_processes_there_are_for_what_trains_or_measures(far, capfd):
    assert main(["doctor", "--engine", "ssh:box:processes:2"]) == 2
    assert "processes:2 is no engine for it" in capfd.readouterr().err
    assert main(["sweep", "--set=lr=0.01,0.02", "--engine", "ssh:box:processes:2"]) == 2
    assert "processes:2 trains one run, and sweep and compare train many." in capfd.readouterr().err
    assert main(["bench", "--engine", "ssh:box:processes:9999"]) == 2
    assert "too few for 9999 processes" in capfd.readouterr().err


def save(path, text):
    """Save as an editor does, with a time that differs from that of the file before."""
    before = path.stat().st_mtime_ns
    path.write_text(text)
    os.utime(path, ns=(before + 1_000_000, before + 1_000_000))


@needs_sshd
@pytest.mark.exhaustive
def test_files_are_sent_and_the_policy_comes_back(far, capfd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(REWARD)
    Path("mine.csv").write_text("question,answer\na,b\nc,d\n")
    options = ["--task=mine.csv:question,answer", "--reward=mine.py", "--model=gru-nano", "--steps=2", "--save=taught"]
    assert main(["train", "--engine", "ssh:box", *options, "--json"]) == 0
    printed = capfd.readouterr()
    summary = json.loads(printed.out)
    assert summary["steps"] == 2
    assert [row["prompt"] for row in summary["greedy"]] == ["a", "c"]
    assert "The policy taught is saved here too." in printed.err
    assert main(["policies", "show", "taught", "--json"]) == 0
    card = json.loads(capfd.readouterr().out)
    assert card["reward_source"] == REWARD
    assert card["host"] == "box"
    assert main(["policies", "export", "taught", "shared.pgplay"]) == 0
    assert import_policy("shared.pgplay", "shared").host == ""
    assert main(["policies", "export", "taught", "copy.pgplay", "--engine", "ssh:box"]) == 0
    assert main(["policies", "import", "copy.pgplay", "--name", "again", "--engine", "ssh:box"]) == 0
    capfd.readouterr()
    assert main(["train", "--engine", "ssh:box", *options]) == 2
    assert "taught" in capfd.readouterr().err


@needs_sshd
@pytest.mark.exhaustive
def test_a_run_outlives_the_link_and_is_found_again(far, monkeypatch):
    train = [sys.executable, "-P", "-m", "pgplay", "train", "--engine", "ssh:box"]
    endless = [*train, "--target=far away", "--model=gru-nano", "--until=never"]
    with subprocess.Popen(endless, stderr=subprocess.PIPE, text=True) as near:
        next(line for line in near.stderr if line.startswith("step "))
        (link,) = [child for child in psutil.Process(near.pid).children() if child.name() == "ssh"]
        link.kill()
        told = near.stderr.read()
    assert near.returncode == 1
    assert "trains on there" in told
    run = told.split("--resume ")[1].strip()
    with monkeypatch.context() as there:
        there.setenv("PGPLAY_HOME", str(far.data))
        assert summary_of(find_run(run)).state == "training"
        find_job(run).signal(signal.SIGHUP)

    with subprocess.Popen([*train, "--resume", run], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as near:
        assert next(line for line in near.stderr if line.startswith("step 1 "))
        near.send_signal(signal.SIGINT)
        printed, told = near.communicate()
    assert near.returncode == 130
    assert "Interrupted at step" in printed
    assert f"pgplay train --engine ssh:box --resume {run}" in told
    monkeypatch.setenv("PGPLAY_HOME", str(far.data))
    assert summary_of(find_run(run)).state == "paused"
    assert find_job(run) is None


@needs_sshd
@pytest.mark.exhaustive
async def test_a_run_of_the_app_outlives_the_link_and_is_taken_over_or_ended(far, capfd, monkeypatch, tmp_path):
    (tmp_path / "mine.csv").write_text("prompt,target\na,b\nc,d\n")
    (tmp_path / "mine.py").write_text(REWARD)
    files = {"task": str(tmp_path / "mine.csv"), "reward": str(tmp_path / "mine.py")}
    config = make_config({**files, "model": "gru-nano", "until": "never"})
    info, step = await watched_until_the_link_breaks(Start(config=config, rewards=own_rewards(config)))
    assert info.config == config
    assert read_policy("watched").reward_source == REWARD
    info, later = await watched_until_the_link_breaks(Resume(run=info.run))
    assert info.config == config
    assert later > step

    assert await asyncio.to_thread(main, ["runs", "stop", info.run, "--engine", "ssh:box"]) == 0
    assert "everything is saved" in capfd.readouterr().err
    monkeypatch.setenv("PGPLAY_HOME", str(far.data))
    stored = summary_of(find_run(info.run))
    assert stored.state == "paused"
    assert stored.checkpoint_step == stored.steps >= later


@needs_sshd
@pytest.mark.exhaustive
async def test_processes_there_train_on_when_the_link_breaks_and_end_together(far, monkeypatch):
    config = make_config({"target": "abc", "model": "gru-nano", "until": "never"})
    info, step = await watched_until_the_link_breaks(Start(config=config), "ssh:box:processes:2", "shared")
    ranks = [process for process in psutil.process_iter() if home_of(process) == str(far.data)]
    assert len(ranks) > 2
    with monkeypatch.context() as there:
        there.setenv("PGPLAY_HOME", str(far.data))
        assert summary_of(find_run(info.run)).state == "training"
    assert await asyncio.to_thread(main, ["runs", "stop", info.run, "--engine", "ssh:box"]) == 0
    monkeypatch.setenv("PGPLAY_HOME", str(far.data))
    assert summary_of(find_run(info.run)).checkpoint_step >= step
    _, alive = psutil.wait_procs(ranks, timeout=20)
    assert not alive


@needs_sshd
@pytest.mark.exhaustive
async def test_a_run_whose_link_hangs_is_taken_over_or_stopped_and_its_app_is_told_when_it_wakes(far):
    config = make_config({"target": "abc", "model": "gru-nano", "until": "never"})
    async with worker_there() as (asleep, next_asleep), worker_there() as (awake, next_awake):
        asleep.send(Start(config=config))
        while (info := (await next_asleep(StateChanged)).info) is None:
            pass
        step = (await next_asleep(Snapshot)).report.step
        os.kill(asleep.pid, signal.SIGSTOP)
        awake.send(Resume(run=info.run))
        assert (await next_awake(Snapshot)).report.step > step
        os.kill(asleep.pid, signal.SIGCONT)
        told = await next_asleep(Failed)
        assert (told.code, told.run) == ("run.interrupted_elsewhere", info.run)
        assert told.checkpoint_step >= step
        os.kill(awake.pid, signal.SIGSTOP)
        assert await asyncio.to_thread(main, ["runs", "stop", info.run, "--engine", "ssh:box"]) == 0
        os.kill(awake.pid, signal.SIGCONT)
        assert (await next_awake(Failed)).code == "run.interrupted_elsewhere"


@needs_sshd
async def test_the_app_is_told_what_the_other_machine_lacks(far):
    events, ended = asyncio.Queue(), asyncio.Event()
    worker = FarWorker(events.put_nowait, lambda code, tail: ended.set(), parse_engine("ssh:box:processes:9999"))
    await worker.start()
    await ended.wait()
    (event,) = (events.get_nowait() for _ in range(events.qsize()))
    assert "too few for 9999 processes" in event.problem
    assert not worker.alive


@needs_sshd
@pytest.mark.exhaustive
async def test_a_reward_that_is_saved_here_trains_there(far, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(REWARD)
    config = make_config({"target": "abc", "reward": str(file), "model": "gru-nano", "until": "never"})
    async with worker_there() as (worker, next_of):
        worker.send(Start(config=config, rewards=own_rewards(config)))
        await next_of(Snapshot)
        save(file, REWARD.replace("return", "retrun"))
        refused = await next_of(Refused)
        assert refused.saved_reward
        save(file, failing := REWARD.replace("len(set(completion))", "1 / (len(completion) - 1)"))
        assert (await next_of(Changed)).reward_source == failing
        assert (await next_of(Failed)).reward == str(file)
        save(file, REWARD + "# fixed\n")
        changed = await next_of(Changed)
        assert (changed.request, changed.info.reward_source) == (0, REWARD + "# fixed\n")
        assert (await next_of(StateChanged)).state == "training"


@asynccontextmanager
async def worker_there(engine="ssh:box"):
    """A worker on `engine`, and a function that waits for the next event of a kind, at most a minute."""
    events = asyncio.Queue()
    worker = FarWorker(events.put_nowait, lambda *end: events.put_nowait(end), parse_engine(engine))

    async def next_of(kind):
        async with asyncio.timeout(60):
            while not isinstance(event := await events.get(), kind):
                assert not isinstance(event, Refused | Failed | tuple), event
            return event

    await worker.start()
    await next_of(Ready)
    yield worker, next_of
    await worker.close()


def home_of(process):
    try:
        return process.environ().get("PGPLAY_HOME")
    except (psutil.Error, OSError):  # it has ended, or belongs to another user
        return None


async def watched_until_the_link_breaks(command, engine="ssh:box", policy="watched"):
    """Send `command` to a worker on `engine`, save a new run's `policy`, and break the link; returns run and step."""
    async with worker_there(engine) as (worker, next_of):
        worker.send(command)
        while (info := (await next_of(StateChanged)).info) is None:
            pass
        snapshot = await next_of(Snapshot)
        if isinstance(command, Start):
            worker.send(Save(name=policy))
            assert "saved here too" in (await next_of(Notice)).message
        os.kill(worker.pid, signal.SIGKILL)
        await next_of(tuple)
    return info, snapshot.report.step
