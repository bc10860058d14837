"""What a helper process does: its work, until its standard input ends."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

from pgplay.errors import PgplayError, refusal_of_system


def run_helper(work: Callable[[threading.Event], object], niceness: int) -> int:
    """Do `work`, which is to end once its event is set: when standard input ends. Return the exit status.

    Standard input is a pipe from the process that made this one, and ends with it, however it ends. The status is 1,
    with the reason on standard error, where the work fails.
    """
    if hasattr(os, "nice"):
        os.nice(niceness)
    ended = threading.Event()
    threading.Thread(target=_wait_for_maker, args=(ended,), daemon=True).start()
    try:
        work(ended)
    except PgplayError as error:
        sys.stderr.write(f"{error.problem}\n")
        return 1
    except (ImportError, MemoryError, OSError) as error:
        sys.stderr.write(f"{refusal_of_system(error) or error}\n")
        return 1
    return 0


def _wait_for_maker(ended: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):  # not through the buffer, whose lock would be held when Python ends
        pass
    ended.set()
