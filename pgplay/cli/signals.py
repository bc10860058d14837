"""Ctrl-C, SIGTERM and SIGHUP during training: finish the step, save, explain how to resume."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from pgplay.cli.output import say_at_once, show_cursor
from pgplay.cli.resuming import to_resume

INTERRUPTED = 130
"""The exit status of a command that was interrupted, as shells count Ctrl-C."""

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Interruption:
    """Whether the person asked to stop; use `with interruptible() as interruption`.

    Until `working` is set there is nothing to save, and a signal ends the process at once: an exception in the middle
    of importing torch would surface as another error. After that the first signal sets `requested`, and a second one
    ends the process at once; the run can be resumed from its last checkpoint.
    """

    def __init__(self) -> None:
        self.requested = False
        self.working = False

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.working and not self.requested:
            self.requested = True
            say_at_once("Stopping after this step. Press Ctrl-C again to stop now.")
            return
        stopped = f"Stopped. Resume from the last checkpoint: {to_resume('RUN')}"
        say_at_once(stopped if self.working else "Interrupted.")
        show_cursor()
        os._exit(INTERRUPTED)


def _is_heeded(number: int) -> bool:
    """Whether a signal counts: a lost terminal does not under nohup, nor for a job of another machine."""
    return number != getattr(signal, "SIGHUP", None) or signal.getsignal(number) is not signal.SIG_IGN


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Receive signals as an Interruption; restores the former handlers at the end."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    former = {number: signal.signal(number, interruption._receive) for number in _SIGNALS if _is_heeded(number)}
    try:
        yield interruption
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
