"""Any exception, and the exit of a process, as an error with a code."""

from __future__ import annotations

import errno
import signal

from pgplay.errors import PgplayError, lack_of_memory
from pgplay.locale.catalog import Coded


def coded_error(error: BaseException) -> PgplayError:
    """Return `error` with a code; the traceback of what is no PgplayError goes beside it."""
    if isinstance(error, PgplayError):
        return error
    if lack_of_memory(error) is not None:
        return PgplayError("run.memory")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return PgplayError("run.disk_full")
    first_line = str(error).strip().partition("\n")[0][:300]
    return PgplayError("run.defect", reason=": ".join(filter(None, (type(error).__name__, first_line))))


def coded_exit(returncode: int) -> Coded:
    """Return the code of why a process ended, from its return code."""
    if returncode >= 0:
        return "exit.status", {"status": returncode}
    try:
        name = signal.Signals(-returncode).name
    except ValueError:
        name = str(-returncode)
    return "exit.killed", {"signal": name}
