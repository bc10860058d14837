"""Files between this machine and another: those that it sends for its runs; policies and runs that it fetches."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from pgplay.errors import InputError
from pgplay.files.atomic import write_atomically
from pgplay.paths import make_folder, sent_folder
from pgplay.worker.protocol.codec import in_parts
from pgplay.worker.protocol.commands import (
    SENT,
    Command,
    FetchPolicy,
    FetchRun,
    ListRuns,
    LookFirst,
    ProbeReward,
    SendFile,
    Start,
)
from pgplay.worker.protocol.events import Event, FilePart


class Inbound:
    """Files as they arrive on the far side: into a folder of the content's SHA-256, once they are whole."""

    def __init__(self) -> None:
        self._data = bytearray()

    def take(self, part: SendFile) -> None:
        """Take the next part of a file; raises InputError for a name with a folder in it, or a wrong hash."""
        self._data += part.data
        if not part.last:
            return
        content, self._data = bytes(self._data), bytearray()
        if part.name != Path(part.name).name or hashlib.sha256(content).hexdigest() != part.sha256:
            raise InputError("ssh.damaged_file", name=part.name)
        path = make_folder(sent_folder() / part.sha256) / part.name
        if not path.exists():
            write_atomically(path, content)


def file_commands(send: Callable[[Event], None]) -> dict[type, Callable[[Any], None]]:
    """Return what obeys the commands about files; events go to `send`."""

    def answer(content: Callable[[Any], bytes], command: Command) -> None:
        for data, last in in_parts(content(command)):
            send(FilePart(data=data, last=last, request=command.request))

    return {
        SendFile: Inbound().take,
        FetchPolicy: partial(answer, _policy),
        ListRuns: partial(answer, _list_of_runs),
        FetchRun: partial(answer, _run),
    }


def _policy(command: FetchPolicy) -> bytes:
    from pgplay.library.archive import policy_archive

    return policy_archive(command.name)


def _list_of_runs(command: ListRuns) -> bytes:
    from pgplay.runs.summaries import list_runs

    return msgspec.json.encode(list_runs())


def _run(command: FetchRun) -> bytes:
    from pgplay.runs.copies import RunCopy

    return msgspec.msgpack.encode(RunCopy.of(command.name))


Configured = TypeVar("Configured", Start, ProbeReward, LookFirst)


def with_sent_places(command: Configured) -> Configured:
    """Return `command` with the places here of the sent files that its config names."""
    config, folder = command.config, str(sent_folder())
    placed = replace(config, task=config.task.replace(SENT, folder), warm_text=config.warm_text.replace(SENT, folder))
    return replace(command, config=placed)
