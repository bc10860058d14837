"""The app on a real terminal: it survives any input, takes the terminal's size, and exits with the right status."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")

RUN = "import sys; from pgplay.cli import main; sys.exit(main(sys.argv[1:]))"
CRASHING = "from pgplay.app.screens.main import MainScreen; MainScreen.compose = lambda self: 1 / 0; "
SAYING_EIO = """
import os
read = os.read
def read_or_fail(descriptor, count):
    data = read(descriptor, count)
    if descriptor == 0 and not data:
        raise OSError(5, "Input/output error")
    return data
os.read = read_or_fail
"""
PATIENCE = 40.0


STARTED: list[subprocess.Popen[bytes]] = []


@pytest.fixture(autouse=True)
def end_what_was_started() -> Iterator[None]:
    """End every app, even if a test fails."""
    yield
    for process in STARTED:
        process.kill()
        process.wait()
    STARTED.clear()


class Terminal:
    """The app in a pseudo-terminal of 120 by 36 cells."""

    def __init__(self, *words: str, before: str = "", **environment: str) -> None:
        self.leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", before + RUN, *words],
            stdin=follower, stdout=follower, stderr=follower, start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", **environment},
        )  # fmt: skip
        os.close(follower)
        self.seen = b""
        STARTED.append(self.process)

    def send(self, keys: bytes) -> None:
        self.seen = b""
        os.write(self.leader, keys)

    def read_until(self, *words: bytes) -> None:
        deadline = time.monotonic() + PATIENCE
        while not any(word in self.seen for word in words):
            assert time.monotonic() < deadline, self.seen[-2000:]
            self._read()

    def end(self) -> int:
        """Read to the end and return the exit status."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read()
        self.process.kill()
        os.close(self.leader)
        return self.process.wait()

    def _read(self) -> None:
        if select.select([self.leader], [], [], 0.2)[0]:
            try:
                self.seen += os.read(self.leader, 65536)
            except OSError:  # the program has closed its end
                self.process.wait(timeout=PATIENCE)


@pytest.mark.exhaustive
def test_invalid_utf_8_is_dropped_also_during_training(home: Path) -> None:
    terminal = Terminal("--target", "abc", "--model", "gru-nano", "--until", "never")
    terminal.read_until(b"ready", b"starting torch")
    terminal.send(b"\xe9\xff\x1b[M\xa0\xc3")  # a Latin-1 é, an invalid byte, an old mouse report, half a character
    terminal.send(b"\x1b[200~caf\xe9\x1b[201~")
    terminal.send(b" ")
    terminal.read_until(b"training")
    terminal.send(b"\x80\xfe\x11")  # the last byte is ctrl+q
    assert terminal.end() == 0
    assert b"Traceback" not in terminal.seen


def test_the_terminals_own_size_counts_not_a_stale_environment(home: Path) -> None:
    terminal = Terminal("hello", COLUMNS="20", LINES="5")
    terminal.read_until(b"ready", b"starting torch", b"too small")
    assert b"too small" not in terminal.seen
    terminal.send(b"\x11")
    assert terminal.end() == 0


def test_the_app_ends_with_its_terminal_even_without_a_signal(home: Path) -> None:
    terminal = Terminal("--target", "abc", "--model", "gru-nano", "--until", "never")
    terminal.read_until(b"ready", b"starting torch")
    os.close(terminal.leader)
    assert terminal.process.wait(timeout=PATIENCE) == 0


def test_the_app_ends_with_its_terminal_also_where_the_system_calls_that_an_error(home: Path) -> None:
    terminal = Terminal("hello", before=SAYING_EIO)
    terminal.read_until(b"ready", b"starting torch")
    os.close(terminal.leader)
    assert terminal.process.wait(timeout=PATIENCE) == 0


@pytest.mark.parametrize(
    ("seen", "keys"),
    [
        pytest.param(b"\x1b[?1004h", b"\x11", id="the first screen"),  # the driver's last words before it reads keys
        pytest.param(b"ready", b"e\x11", id="the reward's page"),
    ],
)
def test_the_app_can_be_quit_while_a_screen_is_being_made(seen: bytes, keys: bytes, home: Path) -> None:
    terminal = Terminal("hello")
    terminal.read_until(seen)
    terminal.send(keys)
    assert terminal.end() == 0
    assert b"Traceback" not in terminal.seen


def test_an_app_that_crashes_exits_with_status_1(home: Path) -> None:
    assert Terminal("hello", before=CRASHING).end() == 1
