"""Why a worker process ended, as a code."""

from __future__ import annotations

import signal

from pgplay.locale.catalog import Coded


def coded_exit(returncode: int) -> Coded:
    """Return the code of why a process ended, from its return code."""
    if returncode >= 0:
        return "exit.status", {"status": returncode}
    try:
        name = signal.Signals(-returncode).name
    except ValueError:
        name = str(-returncode)
    return "exit.killed", {"signal": name}
