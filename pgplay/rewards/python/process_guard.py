"""Runs a script under guard: when it or the parent ends, everything it started ends too.

Called as `process_guard.py SCRIPT`, with nothing but the standard library. The guard has no threads and runs none of
the person's code; it forwards SIGUSR1 to the script, ends everything on SIGTERM, and ends as the script did. On Linux
it adopts orphans, so that neither a new session nor an empty environment hides a process; elsewhere it ends the
script's group. Without fork (Windows) the script runs without a guard.
"""

from __future__ import annotations

import contextlib
import os
import runpy
import select
import signal
import sys
import time
from pathlib import Path

GRACE = 1.0
"""Seconds for the script to end by itself after its input ends."""
LOOK = 0.25
"""Seconds between checks that the parent is alive."""
GIVE_UP = 2.0
SET_PARENT_DEATH_SIGNAL = 1
SET_CHILD_SUBREAPER = 36


def main(script: str) -> None:
    """Run `script`, guarded if the system allows it."""
    if not hasattr(os, "fork"):
        runpy.run_path(script, run_name="__main__")
        return
    parent, guard = os.getppid(), os.getpid()
    _control(SET_CHILD_SUBREAPER, 1)
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
    caught: list[int] = []
    forwarded = (signal.SIGCHLD, signal.SIGTERM, signal.SIGUSR1)
    for number in forwarded:
        signal.signal(number, lambda number, _: caught.append(number))
    child = os.fork()
    if child:
        os.close(1)  # the parent must see the end of the script's answers
        _guard(child, parent, woken, caught)
    signal.set_wakeup_fd(-1)
    for number in forwarded:
        signal.signal(number, signal.SIG_DFL)
    os.close(woken)
    os.close(waking)
    _control(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    os.setsid()
    if os.getppid() == guard:
        runpy.run_path(script, run_name="__main__")


def _guard(child: int, parent: int, woken: int, caught: list[int]) -> None:
    """Wait for `child` or `parent` to end, end everything left, and exit as the child did."""
    hangup = select.poll()
    hangup.register(0, 0)  # asks for nothing but the hang-up, which comes even where lines are still unread
    deadline: float | None = None
    status: int | None = None
    while status is None:
        if select.select([woken], [], [], LOOK)[0]:
            os.read(woken, 4096)
        while caught:
            number = caught.pop()
            if number == signal.SIGUSR1:
                os.kill(child, signal.SIGUSR1)
            elif number == signal.SIGTERM:
                deadline = 0.0
        status = _reap(child)
        if deadline is None and (hangup.poll(0) or os.getppid() != parent):
            deadline = time.monotonic() + GRACE
        if deadline is not None and time.monotonic() >= deadline:
            break
    last = _end_all(child)
    _end_as(last if status is None else status)


def _reap(child: int) -> int | None:
    """Reap all ended processes; return the status of `child` if it is among them."""
    status = None
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == child:
                status = ended[1]
    return status


def _end_all(child: int) -> int:
    """Kill all descendants of this process; return the status of `child`, SIGKILL if unknown."""
    status: int = signal.SIGKILL
    give_up = time.monotonic() + GIVE_UP
    while time.monotonic() < give_up:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        for process in _descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        try:
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == child:
                    status = ended[1]
        except ChildProcessError:
            break
        time.sleep(0.002)
    return status


def _descendants(ancestor: int) -> list[int]:
    """Return all descendants of `ancestor` listed in /proc; none without /proc."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            after_name = path.read_bytes().rpartition(b")")[2].split()
            children.setdefault(int(after_name[1]), []).append(int(path.parent.name))
    descendants = list(children.get(ancestor, []))
    for process in descendants:
        descendants += children.get(process, [])
    return descendants


def _end_as(status: int) -> None:
    """Exit with the wait status of another process."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        with contextlib.suppress(OSError):  # SIGKILL has no handler to reset
            signal.signal(number, signal.SIG_DFL)
        _leave_no_core()
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 1)


def _leave_no_core() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _control(option: int, value: int) -> None:
    """Set a Linux option of this process."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    main(sys.argv[1])
