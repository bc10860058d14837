"""What keeps the processes of a run together: who reads standard input, whose output is whose, and who ends with whom.

No torch here: all this comes before it is loaded.
"""

from __future__ import annotations

import ctypes
import faulthandler
import io
import os
import platform
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from pgplay.worker.launcher import LAUNCHER

_SET_PARENT_DEATH_SIGNAL = 1
_LOOK = 0.5
"""Seconds between checks that the parent is alive, where the system gives no signal."""
_LAST_WORDS = 10.0
"""Most seconds until everything is written; a process that holds the output open may never end."""


def rank_here() -> int | None:
    """Return this process's rank among several, as torchrun numbers them; None if it is alone."""
    return int(os.environ.get("RANK", "0")) if int(os.environ.get("WORLD_SIZE", "1")) > 1 else None


def take_follower_streams(rank: int) -> Callable[[], None]:
    """Leave standard input to the first rank, and send all output to standard error, each line with the `rank`.

    Returns a function that waits until everything is written.
    """
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    for stream in (sys.stdout, sys.stderr):  # while they are files yet, if they are: a pipe cannot be asked where it is
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
    errors = os.dup(2)
    reading, writing = os.pipe()
    os.dup2(writing, 1)
    os.dup2(writing, 2)
    os.close(writing)
    faulthandler.enable(errors)  # it writes when this process, with the thread below, is about to die
    thread = threading.Thread(target=_copy_lines, args=(reading, errors, f"[rank {rank}] ".encode()), daemon=True)
    thread.start()

    def finish() -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os.dup2(errors, 1)
        os.dup2(errors, 2)
        thread.join(_LAST_WORDS)

    return finish


def _copy_lines(source: int, target: int, prefix: bytes) -> None:
    """Copy each line of `source` to `target` behind `prefix`, whole, so that ranks do not mix within a line.

    Where nobody reads them any more, as after a broken link, they are dropped: a full pipe would end training.
    """
    with open(source, "rb") as lines:
        for line in lines:
            with suppress(OSError):
                os.write(target, prefix + line.rstrip(b"\n") + b"\n")


def end_with_parent(number: signal.Signals) -> None:
    """Have this process get the signal `number` when its parent ends, however that ends, or has ended already."""
    parent = int(os.environ.pop(LAUNCHER, os.getppid()))
    if platform.system() == "Linux":
        ctypes.CDLL(None, use_errno=True).prctl(_SET_PARENT_DEATH_SIGNAL, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), number)
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK)
        os.kill(os.getpid(), number)

    threading.Thread(target=watch, name="parent", daemon=True).start()
