"""The real client with the real worker, which loads torch and trains."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from pgplay.config.changes import Changes
from pgplay.config.run_config import make_config
from pgplay.paths import runs_folder
from pgplay.rewards.spec import read_spec
from pgplay.runs.checkpoint_files import checkpoint_step
from pgplay.runs.store import RunStore
from pgplay.worker.client.client import default_command, worker_environment
from pgplay.worker.protocol.codec import decode_event, encode
from pgplay.worker.protocol.commands import Change, Pause, Quit, Resume, Save, Start, Step, Stop, Write
from pgplay.worker.protocol.events import (
    Changed,
    Failed,
    Log,
    Notice,
    Ready,
    Refused,
    Saved,
    Snapshot,
    StateChanged,
    Written,
)
from tests.worker.helpers import PATIENCE, Listener

ENDLESS = {"model": "gru-nano", "target": "abc", "batch_size": 8, "until": "never", "seed": 7}


@pytest.fixture
async def worker():
    listener = Listener()
    await listener.client.start()
    yield listener
    await listener.client.close(PATIENCE)


async def state(listener, wanted):
    return await listener.next(StateChanged, lambda event: event.state == wanted)


def rows_of(listener):
    return [row for event in listener.of(Snapshot) for row in event.rows]


async def test_start_pause_step_change_write_save_resume_solved(worker):
    ready = await worker.next(Ready)
    assert ready.versions["torch"]
    assert {"auto", "cpu"} <= {device.name for device in ready.devices if device.available}
    worker.client.send(Start(config=make_config({"target": "cab", "alphabet": "target", "until": "never"}), request=1))
    info = (await state(worker, "training")).info
    assert (info.model, info.targets, info.device) == ("gru-small", ("cab",), "cpu")
    await worker.next(Snapshot)
    worker.client.send(Pause(request=2))
    paused = await state(worker, "paused")
    assert paused.request == 2
    assert rows_of(worker)[-1][0] == paused.step
    worker.client.send(Step(count=2, request=3))
    stepped = await state(worker, "paused")
    assert stepped.step == paused.step + 2
    worker.client.send(Change(settings=Changes(until="solved"), request=4))
    assert (await worker.next(Changed)).step == stepped.step
    worker.client.send(Write(count=3, request=5))
    written = await worker.next(Written)
    assert (len(written.samples), written.scored_by) == (3, "levenshtein")
    worker.client.send(Resume(request=6))
    solved = await state(worker, "solved")
    assert solved.message.startswith("solved in")
    assert [step for step, _ in rows_of(worker)] == list(range(1, solved.step + 1))
    last = worker.of(Snapshot)[-1]
    assert (last.report.solved, last.progress, last.report.samples[0].text) == (True, 1.0, "cab")
    worker.client.send(Save(name="cab", request=7))
    assert (await worker.next(Saved)).name == "cab"
    worker.client.send(Write(policy="cab", greedy=True, request=8))
    assert (await worker.next(Written)).samples[0].text == "cab"
    worker.client.send(Write(policy="nobody", request=9))
    assert "cab" in (await worker.next(Refused)).remedy
    with RunStore.open(info.run) as store:
        assert store.state == "solved"


@pytest.mark.exhaustive
async def test_at_most_ten_snapshots_per_second_arrive_and_no_row_is_lost(worker):
    await worker.next(Ready)
    worker.client.send(Start(config=make_config({**ENDLESS, "steps": 200})))
    await state(worker, "finished")
    assert [step for step, _ in rows_of(worker)] == list(range(1, 201))
    seconds = worker.of(Snapshot)[-1].report.seconds
    assert len(worker.of(Snapshot)) <= 20 * seconds + 4


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("algorithm", ["grpo", "hill-climb"])
async def test_a_run_whose_worker_was_killed_resumes_in_another_from_its_last_checkpoint(algorithm):
    first = Listener()
    await first.client.start()
    first.client.send(Start(config=make_config({**ENDLESS, "algorithm": algorithm}), paused=True))
    run = (await state(first, "paused")).info.run
    first.client.send(Step(count=5))
    await state(first, "paused")
    first.client.send(Resume())
    await first.next(Snapshot, lambda event: event.report.step > 12)
    os.kill(first.client.pid, signal.SIGKILL)
    assert (await first.exit())[0] == -signal.SIGKILL

    second = Listener()
    await second.client.start()
    second.client.send(Resume(run=run))
    training = await state(second, "training")
    assert (training.info.run, training.step) == (run, 5)
    await second.next(Snapshot, lambda event: event.report.step > 12)
    second.client.send(Stop())
    await state(second, "finished")
    before = {step: metrics["reward_mean"] for step, metrics in rows_of(first)}
    after = {step: metrics["reward_mean"] for step, metrics in rows_of(second)}
    common = before.keys() & after.keys()
    assert len(common) >= 7
    assert all(before[step] == after[step] for step in common)
    await second.client.close(PATIENCE)


async def test_a_search_is_solved_and_reports_that_there_is_no_policy(worker):
    worker.client.send(Start(config=make_config({"target": "cab", "algorithm": "hill-climb", "lr": 0.1}), request=1))
    assert "hill-climb trains no network, so lr has no effect" in (await worker.next(Refused)).problem
    worker.client.send(Start(config=make_config({"target": "cab", "algorithm": "hill-climb"}), request=2))
    assert not (await state(worker, "training")).info.has_policy
    await state(worker, "solved")
    assert worker.of(Snapshot)[-1].report.samples[0].text == "cab"
    for command in (Save(name="cab", request=3), Write(request=4)):
        worker.client.send(command)
        refused = await worker.next(Refused)
        assert (refused.request, "no policy" in refused.problem) == (command.request, True)


PRINTING = """
import os, sys
print("loaded")

def reward(text, target, prompt):
    print("a print with {json} and \\x1b[31mcolour")
    os.write(1, b"straight to the descriptor\\n")
    sys.stderr.write("to standard error\\n")
    return len(text) / 10
"""


@pytest.mark.exhaustive
async def test_the_output_of_a_reward_goes_to_the_log_and_never_into_the_protocol(worker, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(PRINTING)
    await worker.next(Ready)
    config = make_config({**ENDLESS, "reward": str(file), "steps": 5})
    worker.client.send(Start(config=config, rewards=(read_spec(str(file)),)))
    await state(worker, "finished")
    assert [step for step, _ in rows_of(worker)] == [1, 2, 3, 4, 5]
    lines = "\n".join(event.line for event in worker.of(Log))
    assert "a print with {json}" in lines
    assert "is not a message" not in lines


@pytest.mark.exhaustive
async def test_a_reward_that_raises_is_reported_and_once_fixed_the_run_resumes(worker, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("def reward(text, target, prompt):\n    return 1 / 0\n")
    await worker.next(Ready)
    worker.client.send(Start(config=make_config({**ENDLESS, "reward": str(file)}), rewards=(read_spec(str(file)),)))
    failed = await worker.next(Failed)
    assert "ZeroDivisionError" in failed.problem
    assert (failed.step, failed.checkpoint_step) == (0, 0)
    file.write_text("def reward(text, target, prompt):\n    return len(text)\n")
    worker.client.send(Resume())
    await state(worker, "training")
    await worker.next(Snapshot, lambda event: event.report.step >= 2)


@pytest.mark.exhaustive
async def test_output_of_training_code_and_of_c_libraries_goes_to_the_log(tmp_path):
    text = (
        "import os, sys, runpy\n"
        "import pgplay.worker.server.standard_streams as streams\n"
        "take = streams.take_streams\n"
        "def noisy():\n"
        "    taken = take()\n"
        "    print('printed'); os.write(1, b'written by C\\n'); print('input:', repr(sys.stdin.read()))\n"
        "    return taken\n"
        "streams.take_streams = noisy\n"
        "runpy.run_module('pgplay.worker', run_name='__main__')\n"
    )
    listener = Listener([sys.executable, "-c", text])
    await listener.client.start()
    await listener.next(Ready)
    listener.client.send(Start(config=make_config({**ENDLESS, "steps": 1})))
    await state(listener, "finished")
    assert {"printed", "written by C", "input: ''"} <= {event.line for event in listener.of(Log)}
    await listener.client.close(PATIENCE)


def real_process():
    command = default_command()
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=worker_environment()
    )


def read_until(process, accept):
    for line in process.stdout:
        event = decode_event(line)
        if accept(event):
            return event
    raise AssertionError("the worker ended")


def say(process, command):
    process.stdin.write(encode(command))
    process.stdin.flush()


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("way", ["end of input", "SIGTERM", "Quit", "SIGINT and then the end of input"])
def test_however_the_app_ends_the_run_is_kept_and_the_worker_ends(way):
    with real_process() as process:
        say(process, Start(config=make_config(ENDLESS)))
        step = read_until(process, lambda event: isinstance(event, Snapshot)).report.step
        if way.startswith("SIGINT"):
            process.send_signal(signal.SIGINT)
            step = read_until(process, lambda event: isinstance(event, Snapshot)).report.step
        if way == "SIGTERM":
            process.terminate()
        elif way == "Quit":
            say(process, Quit())
        else:
            process.stdin.close()
        process.stdout.read()
        assert process.wait(PATIENCE) == 0
    (run,) = (folder.name for folder in runs_folder().iterdir() if not folder.name.startswith("."))
    with RunStore.open(run) as store:
        assert store.state == "paused"
        kept = store.rows()[-1][0]
    assert kept >= step
    assert checkpoint_step(runs_folder() / run) == kept


def test_an_app_that_ends_before_torch_is_loaded_leaves_no_worker_behind():
    with real_process() as process:
        process.stdin.close()
        assert process.wait(PATIENCE) == 0
        assert process.stdout.read() == b""


@pytest.mark.exhaustive
def test_an_app_that_stops_reading_does_not_stop_training():
    with real_process() as process:
        say(process, Start(config=make_config(ENDLESS)))
        read_until(process, lambda event: isinstance(event, StateChanged) and event.state == "training")
        (run,) = (folder.name for folder in runs_folder().iterdir() if not folder.name.startswith("."))
        with RunStore.open(run) as store:
            deadline = time.monotonic() + PATIENCE
            while store.progress().steps < 300:
                assert time.monotonic() < deadline
                threading.Event().wait(0.05)  # only the store shows it: reading the pipe would unblock it
        say(process, Stop())
        rows, largest = [], 0
        for line in process.stdout:
            event = decode_event(line)
            if isinstance(event, Snapshot):
                rows += event.rows
                largest = max(largest, len(event.rows))
            if isinstance(event, StateChanged) and event.state == "finished":
                break
        assert [step for step, _ in rows] == list(range(1, event.step + 1))
        assert largest > 50  # the pipe was full, and waiting snapshots were merged
        process.stdin.close()
        process.stdout.read()


@pytest.mark.exhaustive
async def test_a_run_whose_folder_is_deleted_fails_with_a_message_and_cannot_be_resumed(worker):
    await worker.next(Ready)
    worker.client.send(Start(config=make_config(ENDLESS)))
    info = (await state(worker, "training")).info
    await worker.next(Snapshot)
    elsewhere = (runs_folder() / info.run).rename(runs_folder() / ".elsewhere")
    shutil.rmtree(elsewhere, ignore_errors=True)
    failed = await worker.next(Failed)
    assert "deleted, moved or replaced" in failed.problem
    assert failed.run == ""
    assert not (runs_folder() / info.run).exists()
    worker.client.send(Save(name="rescued"))  # the policy can still be saved
    await worker.next(Saved)


@pytest.mark.exhaustive
async def test_a_run_waits_for_another_program_that_locks_its_store_and_says_so(worker):
    await worker.next(Ready)
    worker.client.send(Start(config=make_config(ENDLESS)))
    info = (await state(worker, "training")).info
    await worker.next(Snapshot)
    other = sqlite3.connect(runs_folder() / info.run / "run.sqlite", isolation_level=None, timeout=PATIENCE)
    other.execute("BEGIN EXCLUSIVE")
    told = await worker.next(Notice)
    assert "Another program has locked" in told.message
    other.execute("ROLLBACK")
    other.close()
    await worker.next(Snapshot)
    worker.client.send(Pause())
    await state(worker, "paused")
    assert worker.of(Failed) == []
