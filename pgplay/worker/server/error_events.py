"""Errors as events: a command that is refused, and a run that failed."""

from __future__ import annotations

from typing import Any

from pgplay.errors import InputError, PgplayError, RewardError
from pgplay.worker.protocol.events import Failed, Refused
from pgplay.worker.session.failures import coded_error
from pgplay.worker.session.interface import RunSession


def refusal(error: PgplayError, request: int = 0, *, saved_reward: bool = False) -> Refused:
    """Return the refusal of the command `request`, or of a reward's file that was saved, for this `error`."""
    location: dict[str, Any] = {"field": error.field} if isinstance(error, InputError | RewardError) else {}
    if isinstance(error, RewardError):
        location |= {"line": error.line, "given": error.given}
    return Refused(error.code, error.values, request=request, saved_reward=saved_reward, **location)


def failure(error: Exception, session: RunSession, details: str) -> Failed:
    """Return the failure of the run of `session` by this `error`; `details` are for its log and its card."""
    coded = coded_error(error)
    location: dict[str, Any] = {}
    if isinstance(error, RewardError):
        location = {"reward": error.spec, "line": error.line, "given": error.given}
    return Failed(
        coded.code,
        coded.values,
        details=details.strip(),
        run=session.run if session.is_kept else "",
        step=session.step_count,
        checkpoint_step=session.checkpoint_step,
        **location,
    )
