"""Reading stores beside the screen's thread: however long a run, no key waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from textual.app import App

from pgplay.app.background import in_daemon_thread
from pgplay.app.notices import notify_user
from pgplay.errors import PgplayError

LONG = 0.4
"""Seconds after which a person is told what is being done."""

Result = TypeVar("Result")


async def read_in_background(
    app: App[Any], read: Callable[[], Result], message: str, *, otherwise: str = ""
) -> Result | None:
    """Return what `read` returns from a thread of its own; `message` is shown where that takes long.

    None where `read` raised a PgplayError: it has been shown then, after `otherwise`.
    """
    reading = asyncio.create_task(in_daemon_thread(read))
    done, _ = await asyncio.wait({reading}, timeout=LONG)
    if not done:
        notify_user(app, message)
    try:
        return await reading
    except PgplayError as error:
        notify_user(app, f"{otherwise} {error}".strip(), severe=True)
        return None
