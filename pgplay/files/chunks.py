"""Large files read in parts, with progress."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

_CHUNK = 16 * 2**20


def bytes_read(files: Sequence[Path]) -> Iterator[int]:
    """Read `files`, and yield the number of bytes read so far after each part."""
    count = 0
    for path in files:
        with path.open("rb", buffering=0) as file:
            while part := file.read(_CHUNK):
                count += len(part)
                yield count
