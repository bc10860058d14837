"""Work in the background: its results and exceptions arrive, and the app ends without waiting for it."""

import subprocess
import sys

import pytest

from pgplay.app.background import in_daemon_thread

PROGRAM = """
import asyncio, time
from pgplay.app.background import in_daemon_thread

async def main():
    asyncio.create_task(in_daemon_thread(lambda: time.sleep(60)))
    await asyncio.sleep(0)
    print("ends", flush=True)

asyncio.run(main())
"""


async def test_results_and_exceptions_arrive() -> None:
    assert await in_daemon_thread(lambda: 6 * 7) == 42
    with pytest.raises(ZeroDivisionError):
        await in_daemon_thread(lambda: 1 / 0)


def test_a_process_ends_without_waiting_for_background_work() -> None:
    # The work takes 60 s.
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=50)
    assert done.stdout == "ends\n"
