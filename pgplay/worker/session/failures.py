"""Any exception as an error with a code, and what is kept of a run that failed."""

from __future__ import annotations

import traceback

from pgplay.errors import PgplayError, RewardError, is_disk_full, lack_of_memory
from pgplay.worker.session.interface import RunSession


def coded_error(error: BaseException) -> PgplayError:
    """Return `error` with a code; the traceback of any other exception is passed separately."""
    if isinstance(error, PgplayError):
        return error
    if lack_of_memory(error) is not None:
        return PgplayError("run.memory")
    if is_disk_full(error):
        return PgplayError("run.disk_full")
    first_line = str(error).strip().partition("\n")[0][:300]
    return PgplayError("run.defect", reason=": ".join(filter(None, (type(error).__name__, first_line))))


def keep_failure(session: RunSession, error: Exception) -> str:
    """Log the `error` of a step in its run, which rests as failed; return what explains it beside its message.

    That includes what kept this from being written, such as a full disk, which may be why the step failed.
    """
    trace = "" if isinstance(error, PgplayError) else "".join(traceback.format_exception(error))
    details = error.traceback if isinstance(error, RewardError) else trace
    try:
        session.log_failure(f"{error}\n{details}".strip())
        session.rest("failed", coded_error(error).reason)
    except PgplayError as second:
        details += f"\n{second}"
    return details
