"""Exceptions and process exits in plain English: the problem and a remedy."""

from __future__ import annotations

import errno
import signal

from pgplay.errors import PgplayError, lack_of_memory


def describe_error(error: BaseException) -> tuple[str, str]:
    """Return problem and remedy of `error`; the traceback of what is no PgplayError goes beside them."""
    if isinstance(error, PgplayError):
        return error.problem, error.remedy
    if lack_of_memory(error) is not None:
        return "There was not enough memory.", "Choose a smaller batch_size or a smaller model."
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full.", "Free some space, then resume."
    first_line = str(error).strip().partition("\n")[0][:300]
    said = f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__
    return f"pgplay failed unexpectedly: {said}.", "The details say where; the run is kept and can be resumed."


def ending_in_words(returncode: int) -> str:
    """Return why a process ended, from its return code."""
    if returncode < 0:
        try:
            name = signal.Signals(-returncode).name
        except ValueError:
            name = f"signal {-returncode}"
        return f"it was killed ({name})"
    return f"it left with status {returncode}"
