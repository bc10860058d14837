"""The error of a reward, as the worker reported it."""

from __future__ import annotations

from pgplay.errors import RewardError
from pgplay.worker.protocol.messages import Failed, Refused


def reported_error(event: Failed | Refused) -> RewardError:
    """Return the error that was reported."""
    return RewardError(event.problem, event.remedy, event.line, event.given)
