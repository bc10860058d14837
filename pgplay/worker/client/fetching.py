"""What is stored on another machine, asked for by a connection of its own, so that no training waits for it."""

from __future__ import annotations

import asyncio

from pgplay.errors import PgplayError
from pgplay.worker.client.ssh import FAR_COMMANDS, SshClient, ssh_failure, version_failure
from pgplay.worker.protocol.commands import FetchRun, ListRuns
from pgplay.worker.protocol.events import AnyEvent, Failed, FilePart, Ready, Refused
from pgplay.worker.protocol.reported_errors import reported_error

_LAST_SECONDS = 1.0


def fetch(host: str, command: FetchRun | ListRuns) -> bytes:
    """Return what `host` answers to `command`, in a thread that may wait.

    Raises PgplayError where there is no link, or as the command says.
    """
    return asyncio.run(_fetch(host, command))


async def _fetch(host: str, command: FetchRun | ListRuns) -> bytes:
    events: asyncio.Queue[AnyEvent | PgplayError] = asyncio.Queue()
    parts: list[bytes] = []
    greeted = False

    def end(code: int, tail: str) -> None:
        events.put_nowait(ssh_failure(host, code, tail, greeted=greeted))

    client = SshClient(events.put_nowait, end, host, FAR_COMMANDS)
    await client.start()
    try:
        while True:
            match await events.get():
                case Ready():
                    greeted = True
                    client.send(command)
                case FilePart(data=data, last=last):
                    parts.append(data)
                    if last:
                        return b"".join(parts)
                case Failed() | Refused() as event:
                    raise version_failure(host, event) or reported_error(event)
                case PgplayError() as failure:
                    raise failure
                case _:
                    pass
    finally:
        await client.close(_LAST_SECONDS)
