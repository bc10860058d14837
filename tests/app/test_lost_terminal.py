"""If its terminal goes away, the app ends, and so does its worker."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")


def test_the_app_and_its_worker_end_when_the_terminal_is_closed(home: Path) -> None:
    leader, follower = pty.openpty()
    # A session of its own with this terminal as its controlling one: closing the other end then hangs up on it.
    start = "import os, fcntl, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    run = "import sys; from pgplay.cli import main; sys.exit(main(['hello']))"
    app = subprocess.Popen(
        [sys.executable, "-c", start + run],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**os.environ, "TERM": "xterm-256color"},
    )
    os.close(follower)
    shown = b""
    while b"starting torch" not in shown and b"ready" not in shown:
        shown += os.read(leader, 65536)
    workers = psutil.Process(app.pid).children(recursive=True)
    os.close(leader)
    app.wait(timeout=20)
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive
