"""Values kept aside with a stamp of the files that they were read from, so that those need not be read again.

An index is never trusted over the files: a value counts only while the stamp is what it was. It may be deleted at any
time, and is only a gain of time: where it cannot be read or written, the files are read.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from pgplay.errors import PgplayError
from pgplay.files.atomic import write_atomically

StoreStamp = tuple[tuple[int, ...], ...]
"""Of each file: its number, its size, and when it and its entry were changed; nothing for one that is missing."""

_SETTLED = 2 * 10**9
"""Nanoseconds after which a change shows in a file's time: on some disks two changes within 2 s have the same one."""

Value = TypeVar("Value")


def stamp_of(folder: Path, names: Iterable[str]) -> StoreStamp:
    """Return the stamp of some files in `folder`."""
    return tuple(_stamp(os.path.join(folder, name)) for name in names)


def _stamp(path: str) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


class Index(Generic[Value]):
    """The values of `kind`, by name, that the file `path` keeps."""

    def __init__(self, path: Path, kind: type[Value]) -> None:
        self._path = path
        self._has_changed = False
        self._known: dict[str, tuple[StoreStamp, Value]] = {}
        with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # it is made anew
            self._known = msgspec.json.decode(path.read_bytes(), type=dict[str, tuple[StoreStamp, kind]])  # type: ignore[valid-type]

    def get(self, name: str, stamp: StoreStamp) -> Value | None:
        """Return the value called `name` where its files are still as they were; else None."""
        known = self._known.get(name)
        return known[1] if known is not None and known[0] == stamp else None

    def keep(self, name: str, stamp: StoreStamp, value: Value) -> None:
        """Keep a value, where its files have not been changed so lately that another change might not show."""
        newest = max((max(times[2:]) for times in stamp if times), default=0)
        if newest < time.time_ns() - _SETTLED:
            self._known[name] = stamp, value
            self._has_changed = True

    def save(self, names: Iterable[str]) -> None:
        """Write the values of `names`, where any is new or others are gone; a disk that takes no more is left alone."""
        known = {name: self._known[name] for name in names if name in self._known}
        if self._has_changed or len(known) < len(self._known):
            with contextlib.suppress(PgplayError):
                write_atomically(self._path, msgspec.json.encode(known), outlasts=False)
