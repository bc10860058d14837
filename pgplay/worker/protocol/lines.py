"""Splits bytes into lines of bounded length, for both ends of the protocol."""

from __future__ import annotations

from pgplay.worker.protocol.codec import MAXIMUM_LINE

_SHOWN = 200
"""The bytes kept of a line that is too long: enough to recognise it, too few for a message."""


class LineSplitter:
    """Collects bytes into whole lines; a line above `limit` bytes is cut to its first 200 and an ellipsis."""

    def __init__(self, limit: int = MAXIMUM_LINE) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._length = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Return the non-empty lines that `data` completes, without newlines."""
        first, *rest = data.split(b"\n")
        self._keep(first)
        lines = []
        for part in rest:
            lines.append(self.rest())
            self._keep(part)
        return [line for line in lines if line.strip()]

    def rest(self) -> bytes:
        """Return the bytes since the last newline, and forget them."""
        line = b"".join(self._parts)
        too_long = self._length > self._limit
        self._parts, self._length = [], 0
        return line[:_SHOWN] + "…".encode() if too_long else line

    def _keep(self, part: bytes) -> None:
        self._length += len(part)
        if self._length <= self._limit:
            self._parts.append(part)
        elif self._parts:
            self._parts = [b"".join(self._parts)[:_SHOWN]]
        else:
            self._parts = [part[:_SHOWN]]
