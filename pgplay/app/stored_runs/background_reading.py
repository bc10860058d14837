"""Reading stores beside the screen's thread: however long a run, no key waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from pgplay.errors import PgplayError

if TYPE_CHECKING:
    from pgplay.app.app import PgplayApp

LONG = 0.4
"""Seconds after which a person is told what is being done."""

Read = TypeVar("Read")


def read_beside(
    app: PgplayApp, read: Callable[[], Read], then: Callable[[Read], None], words: str, *, otherwise: str = ""
) -> None:
    """Call `read` in a thread of its own, then `then` with what it returned; `words` are shown where that takes long.

    A PgplayError of `read` is told, after `otherwise` where that is given.
    """

    async def work() -> None:
        reading = asyncio.create_task(asyncio.to_thread(read))
        done, _ = await asyncio.wait({reading}, timeout=LONG)
        if not done:
            app.tell(words)
        try:
            found = await reading
        except PgplayError as error:
            app.tell(f"{otherwise} {error}".strip(), severe=True)
        else:
            then(found)

    app.run_worker(work(), group="reading")
