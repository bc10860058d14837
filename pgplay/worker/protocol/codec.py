"""The messages between the app and its worker as lines: one JSON object each, tagged, versioned and validated.

The app sends commands, the worker sends events. Unknown tags and wrong types are refused by `decode_command` and
`decode_event` with a ProtocolError; the first event, Ready, carries the version, and a client refuses another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from pgplay.errors import InputError, PgplayError, plain_value
from pgplay.worker.protocol.commands import AnyCommand, Command
from pgplay.worker.protocol.events import AnyEvent, Event

PROTOCOL_VERSION = 11
MAXIMUM_LINE = 16 * 1024 * 1024

PART_BYTES = 1024 * 1024
"""The bytes of a file, or of what a command prints, in one message: well below MAXIMUM_LINE in any encoding."""


class ProtocolError(PgplayError):
    """A line that is not a message of this protocol version; `request` is its number, 0 if unreadable."""

    def __init__(self, code: str, *, request: int = 0, **values: Any) -> None:
        super().__init__(code, **values)
        self.request = request


Message = TypeVar("Message")

_encoder = msgspec.json.Encoder()
_commands: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)
_events: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def encode(message: Command | Event) -> bytes:
    """Return `message` as one line, its newline included; a lone surrogate in it becomes its escape."""
    try:
        return _encoder.encode(message) + b"\n"
    except UnicodeEncodeError:
        return _encoder.encode(plain_value(msgspec.to_builtins(message))) + b"\n"


def in_parts(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """Yield `data` in parts that fit in a message, each with whether it is the last; there is at least one."""
    for start in range(0, len(data) or 1, PART_BYTES):
        end = start + PART_BYTES
        yield data[start:end], end >= len(data)


def decode_command(line: bytes) -> AnyCommand:
    """Return the command in `line`; raises ProtocolError."""
    return _decode(_commands, line)


def decode_event(line: bytes) -> AnyEvent:
    """Return the event in `line`; raises ProtocolError."""
    return _decode(_events, line)


def _decode(decoder: msgspec.json.Decoder[Message], line: bytes) -> Message:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InputError) as error:
        raise ProtocolError(
            "protocol.no_message", request=_request_of(line), version=PROTOCOL_VERSION, reason=str(error)
        ) from error


class Numbered(msgspec.Struct):
    """The part that every message has, also an invalid one."""

    request: int = 0


def _request_of(line: bytes) -> int:
    try:
        return msgspec.json.decode(line, type=Numbered).request
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0
