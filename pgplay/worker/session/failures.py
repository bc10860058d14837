"""Any exception as an error with a code."""

from __future__ import annotations

import errno

from pgplay.errors import PgplayError, lack_of_memory


def coded_error(error: BaseException) -> PgplayError:
    """Return `error` with a code; the traceback of any other exception is passed separately."""
    if isinstance(error, PgplayError):
        return error
    if lack_of_memory(error) is not None:
        return PgplayError("run.memory")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return PgplayError("run.disk_full")
    first_line = str(error).strip().partition("\n")[0][:300]
    return PgplayError("run.defect", reason=": ".join(filter(None, (type(error).__name__, first_line))))
