"""Ctrl-C, SIGTERM and SIGHUP during training: finish the step, save, say how to go on."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
"""The exit status of a command that was interrupted, as shells count Ctrl-C."""

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

_SHOW_CURSOR = b"\x1b[?25h"
"""A progress bar hides the cursor, and is not taken down where the process ends at once."""


class Interruption:
    """Whether a person asked to stop; begin with `with heeded() as interruption`.

    Until `working` is set there is nothing to save, and a signal ends the process at once: an exception raised in the
    middle of importing torch would surface as something else. From then on the first signal sets `asked`, and a second
    one ends the process at once; the run then goes on from its last checkpoint.
    """

    def __init__(self) -> None:
        self.asked = False
        self.working = False

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.working and not self.asked:
            self.asked = True
            _say("Stopping after this step. Once more leaves at once.")
            return
        _say("Left at once; what is stored goes on from its last checkpoint." if self.working else "Interrupted.")
        if os.isatty(2):
            os.write(2, _SHOW_CURSOR)
        os._exit(INTERRUPTED)


def _say(line: str) -> None:
    """Write `line` to standard error; print may be in use where the signal came in between."""
    os.write(2, f"\n{line}\n".encode())


@contextmanager
def heeded() -> Iterator[Interruption]:
    """Receive signals as an Interruption, and give them back to their former receivers at the end."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    former = {one: signal.signal(one, interruption._receive) for one in _SIGNALS}
    try:
        yield interruption
    finally:
        for one, receiver in former.items():
            signal.signal(one, receiver)
