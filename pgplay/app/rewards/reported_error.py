"""The error of a reward, as the worker reported it."""

from __future__ import annotations

from pgplay.errors import RewardError
from pgplay.worker.protocol.events import Failed, Refused


def reported_error(event: Failed | Refused) -> RewardError:
    """Return the error that was reported."""
    return RewardError(event.code, line=event.line, given=event.given, **event.values)
