"""The worker's errors as exceptions of the process that hears of them."""

from __future__ import annotations

from pgplay.errors import InputError, PgplayError, RewardError
from pgplay.worker.protocol.events import Failed, Refused


def reported_error(event: Failed | Refused) -> PgplayError:
    """Return what was refused as an InputError, a reward that failed a run as a RewardError, else a PgplayError."""
    if isinstance(event, Refused):
        return InputError(event.code, field=event.field, **event.values)
    return reported_reward_error(event) if event.reward else PgplayError(event.code, **event.values)


def reported_reward_error(event: Failed | Refused) -> RewardError:
    """Return the error of a reward that failed a run, or for which a command was refused."""
    return RewardError(event.code, line=event.line, given=event.given, **event.values)
