"""Files between this machine and another: those that it sends for its runs, and policies that it fetches."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from msgspec.structs import replace

from pgplay.errors import InputError
from pgplay.files.atomic import write_atomically
from pgplay.paths import make_folder, sent_folder
from pgplay.worker.protocol.codec import in_parts
from pgplay.worker.protocol.commands import SENT, FetchPolicy, LookFirst, ProbeReward, SendFile, Start
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
    return {SendFile: Inbound().take, FetchPolicy: partial(_send_policy, send)}


def _send_policy(send: Callable[[Event], None], command: FetchPolicy) -> None:
    from pgplay.library.archive import policy_archive

    for data, last in in_parts(policy_archive(command.name)):
        send(FilePart(data=data, last=last, request=command.request))


Configured = TypeVar("Configured", Start, ProbeReward, LookFirst)


def with_sent_places(command: Configured) -> Configured:
    """Return `command` with the places here of the sent files that its config names."""
    config, folder = command.config, str(sent_folder())
    placed = replace(config, task=config.task.replace(SENT, folder), warm_text=config.warm_text.replace(SENT, folder))
    return replace(command, config=placed)
