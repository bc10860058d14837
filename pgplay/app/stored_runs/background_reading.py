"""Reading stores in the background, so that no key press waits for a long run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from textual.app import App

from pgplay.app.background import in_daemon_thread
from pgplay.app.notices import notify_user
from pgplay.errors import PgplayError

LONG = 0.4
"""Seconds after which the message is shown."""

Result = TypeVar("Result")


async def read_in_background(
    app: App[Any], read: Callable[[], Result], message: str, *, otherwise: str = ""
) -> Result | None:
    """Return what `read` returns from a thread of its own; `message` is shown if that takes long.

    Returns None after a PgplayError, which is shown after `otherwise`.
    """
    reading = asyncio.create_task(in_daemon_thread(read))
    finished, _ = await asyncio.wait({reading}, timeout=LONG)
    if not finished:
        notify_user(app, message)
    try:
        return await reading
    except PgplayError as error:
        notify_user(app, f"{otherwise} {error}".strip(), severe=True)
        return None
