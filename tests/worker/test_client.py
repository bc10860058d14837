import asyncio
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from pgplay.paths import data_folder
from pgplay.worker.client.client import WorkerClient
from pgplay.worker.protocol.codec import PROTOCOL_VERSION
from pgplay.worker.protocol.commands import Pause
from pgplay.worker.protocol.events import Failed, Log, Ready
from pgplay.worker.protocol.throttle import LINES_PER_SECOND
from tests.worker.helpers import PATIENCE, Listener, scripted


async def started(text):
    listener = Listener(scripted(text))
    await listener.client.start()
    return listener


async def test_events_arrive_and_commands_are_received():
    listener = await started("ready()\nsay(Log(line=hear().decode()))\nhear()")
    await listener.next(Ready)
    listener.client.send(Pause(request=7))
    assert '"request":7' in (await listener.next(Log)).line
    await listener.client.close(PATIENCE)
    assert listener.exits == []


async def test_an_exit_is_reported_once_with_the_signal_and_the_last_lines():
    listener = await started("ready()\nsys.stderr.write('the last words\\n'); sys.stderr.flush()\nhear()")
    await listener.next(Log)
    os.kill(listener.client.pid, signal.SIGKILL)
    code, tail = await listener.exit()
    assert code == -signal.SIGKILL
    assert tail == "the last words"
    assert not listener.client.alive
    listener.client.send(Pause())
    await listener.client.close()
    assert len(listener.exits) == 1


async def test_an_exit_is_reported_even_if_a_child_of_the_worker_holds_its_pipes():
    listener = await started(
        "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "ready()\nsay(Log(line=str(child.pid)))\nhear()"
    )
    child = psutil.Process(int((await listener.next(Log)).line))
    os.kill(listener.client.pid, signal.SIGKILL)
    await listener.exit()
    assert psutil.wait_procs([child], timeout=PATIENCE)[1] == []


async def test_garbage_goes_to_the_log_and_the_worker_continues():
    listener = await started(
        "sys.stdout.write('Welcome to gpu-box!\\n'); sys.stdout.flush()\nready()\n"
        "sys.stdout.buffer.write(b'\\xff\\xfe{\"event\\n'); sys.stdout.flush()\nsay(Log(line='still here'))\nhear()"
    )
    assert "Welcome to gpu-box!" in (await listener.next(Log)).line
    await listener.next(Ready)
    await listener.next(Log, lambda event: event.line == "still here")
    await listener.client.close(PATIENCE)
    assert "Welcome to gpu-box!" in (data_folder() / "worker.log").read_text()


async def test_another_protocol_version_is_refused_with_a_message():
    listener = await started(f"ready({PROTOCOL_VERSION + 1})\nsay(StateChanged(state='training'))\nhear()")
    failed = await listener.next(Failed)
    assert f"version {PROTOCOL_VERSION + 1}" in failed.problem
    assert "same version" in failed.remedy
    await listener.exit()
    assert {type(event) for event in listener.events} == {Log, Failed}


async def test_a_worker_that_does_not_start_with_ready_is_refused():
    listener = await started("say(StateChanged(state='training'))\nhear()")
    assert "did not begin with Ready" in (await listener.next(Failed)).problem
    await listener.exit()


async def test_a_flood_arrives_whole_and_the_loop_stays_responsive():
    count = 20_000
    listener = await started(
        f"ready()\nline = encode(Log(line='x' * 200))\n"
        f"sys.stdout.buffer.write(line * {count}); say(Log(line='end'))\nhear()"
    )
    gaps = []

    async def tick():
        while True:
            before = time.monotonic()
            await asyncio.sleep(0)
            gaps.append(time.monotonic() - before)

    ticking = asyncio.create_task(tick())
    await listener.next(Log, lambda event: event.line == "end")
    ticking.cancel()
    assert len(listener.of(Log)) == count + 1
    assert sorted(gaps)[int(len(gaps) * 0.99)] < 0.1
    await listener.client.close(PATIENCE)


async def test_a_flood_of_prints_is_cut_for_the_screen_and_kept_in_the_file():
    count = 3 * LINES_PER_SECOND
    listener = await started(
        f"ready()\nsys.stderr.write(''.join(f'line {{n}}\\n' for n in range({count}))); sys.stderr.flush()\nhear()"
    )
    last = await listener.next(Log, lambda event: "more lines" in event.line)
    assert "worker.log" in last.line
    assert len(listener.of(Log)) <= count / 2 + LINES_PER_SECOND + 1
    await listener.client.close(PATIENCE)
    assert (data_folder() / "worker.log").read_text().splitlines() == [f"line {n}" for n in range(count)]


async def test_a_line_beyond_the_limit_is_no_message_and_harms_nothing():
    listener = await started(
        "ready()\nsys.stdout.buffer.write(b'x' * (MAXIMUM_LINE + 10) + b'\\n'); say(Log(line='after'))\nhear()"
    )
    await listener.next(Log, lambda event: event.line == "after")
    assert max(len(event.line) for event in listener.of(Log)) < 3_000
    await listener.client.close(PATIENCE)


LATE = 20.0
"""Seconds; whoever waited for these workers would wait for 600."""

STUBBORN = (
    "import signal, subprocess\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "ready()\nsay(Log(line=str(child.pid)))\nwhile True: time.sleep(600)"
)


async def test_closing_ends_a_worker_that_ignores_everything_and_its_children_in_time():
    listener = await started(STUBBORN)
    child = psutil.Process(int((await listener.next(Log)).line))
    began = time.monotonic()
    await listener.client.close(timeout=0.8)
    assert time.monotonic() - began < LATE
    assert not listener.client.alive
    assert psutil.wait_procs([child], timeout=PATIENCE)[1] == []
    assert listener.exits == []


async def test_closing_before_the_worker_is_ready_respects_the_timeout():
    listener = await started("time.sleep(600)")
    began = time.monotonic()
    await listener.client.close(timeout=0.4)
    assert time.monotonic() - began < LATE
    assert not listener.client.alive


async def test_closing_twice_or_before_a_start_is_fine():
    listener = Listener(scripted("ready()\nhear()"))
    await listener.client.close()
    await listener.client.start()
    await listener.client.close()
    await listener.client.close()
    assert not listener.client.alive


async def test_sending_never_waits_for_a_worker_that_does_not_read():
    listener = await started("ready()\ntime.sleep(600)")
    await listener.next(Ready)
    began = time.monotonic()
    for _ in range(20_000):
        listener.client.send(Pause())
    assert time.monotonic() - began < LATE
    await listener.client.close(timeout=0.4)


async def test_a_home_that_cannot_be_written_is_reported_and_the_worker_starts(home):
    home.write_text("a file where the folder should be")
    listener = await started("ready()\nhear()")
    assert "cannot be" in (await listener.next(Log)).line
    await listener.next(Ready)
    await listener.client.close(PATIENCE)


async def test_an_unknown_command_is_an_os_error():
    client = WorkerClient(lambda event: None, lambda code, tail: None, ["/no/such/command"])
    with pytest.raises(OSError, match="No such file"):
        await client.start()


@pytest.mark.exhaustive
async def test_a_python_file_in_the_present_folder_does_not_shadow_the_workers_imports(tmp_path, monkeypatch):
    (tmp_path / "copy.py").write_text("raise SystemExit('the wrong copy')")
    monkeypatch.chdir(tmp_path)
    listener = Listener()
    await listener.client.start()
    assert (await listener.next(Ready)).protocol == PROTOCOL_VERSION
    await listener.client.close(PATIENCE)


def test_the_client_loads_no_torch():
    text = "import sys; sys.path[:0] = ['.']; import pgplay.worker.client.client; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"

