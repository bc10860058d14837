"""Why a worker process ended, as a code."""

from __future__ import annotations

import re
import signal

from pgplay.locale.catalog import Coded

_FIRST_TO_FAIL = re.compile(r"Root Cause.*?\brank\s*:\s*(\d+).*?\bexitcode\s*:\s*(-?\d+)", re.DOTALL)
"""The rank that ended first in torchrun's report, and its return code."""


def coded_exit(returncode: int, log_tail: str = "") -> Coded:
    """Return the code of why a process ended, from its return code.

    Of torchrun, it is why one of its ranks ended, which it reports at the end of its log.
    """
    if failure := _FIRST_TO_FAIL.search(log_tail):
        return "exit.rank", {"number": int(failure[1]), "reason": coded_exit(int(failure[2]))}
    if returncode >= 0:
        return "exit.status", {"status": returncode}
    try:
        name = signal.Signals(-returncode).name
    except ValueError:
        name = str(-returncode)
    return "exit.killed", {"signal": name}
