"""A cache of values with a stamp of the files that they were read from.

A value counts only while its files' stamp is unchanged. The index may be deleted at any time; where it cannot be read
or written, the files are read instead.
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
"""Each file's inode, size, and times of the last change of its content and its entry; empty for a missing file."""

_SETTLED = 2 * 10**9
"""Nanoseconds after which a change shows in a file's time: on some disks two changes within 2 s have the same one."""

Value = TypeVar("Value", bound=msgspec.Struct)


def stamp_of(folder: Path, names: Iterable[str]) -> StoreStamp:
    """Return the stamp of some files in `folder`."""
    return tuple(_stamp(os.path.join(folder, name)) for name in names)


def _stamp(path: str) -> tuple[int, ...]:
    try:
        status = os.stat(path)
    except OSError:
        return ()
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


class _Contents(msgspec.Struct, Generic[Value], frozen=True):
    """What the file holds: the fields that a value had when it was written, and each value with its stamp."""

    fields: tuple[str, ...]
    values: dict[str, tuple[StoreStamp, Value]]


class Index(Generic[Value]):
    """The values of `kind`, a struct, by name, that the file `path` keeps; those of another pgplay's fields are not."""

    def __init__(self, path: Path, kind: type[Value]) -> None:
        self._path = path
        self._has_changed = False
        self._known: dict[str, tuple[StoreStamp, Value]] = {}
        self._fields = tuple(field.name for field in msgspec.structs.fields(kind))
        with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # it is rebuilt
            contents = msgspec.json.decode(path.read_bytes(), type=_Contents[kind])  # type: ignore[valid-type]
            if contents.fields == self._fields:
                self._known = contents.values

    def get(self, name: str, stamp: StoreStamp) -> Value | None:
        """Return the value called `name` where its files are still as they were; else None."""
        entry = self._known.get(name)
        return entry[1] if entry is not None and entry[0] == stamp else None

    def keep(self, name: str, stamp: StoreStamp, value: Value) -> None:
        """Keep a value, unless its files changed so recently that a further change might leave the same stamp."""
        newest = max((max(times[2:]) for times in stamp if times), default=0)
        if newest < time.time_ns() - _SETTLED:
            self._known[name] = stamp, value
            self._has_changed = True

    def save(self, names: Iterable[str]) -> None:
        """Write the values of `names` if any is new or others are gone; a full disk is ignored."""
        entries = {name: self._known[name] for name in names if name in self._known}
        if self._has_changed or len(entries) < len(self._known):
            with contextlib.suppress(PgplayError):
                write_atomically(self._path, msgspec.json.encode(_Contents(self._fields, entries)), outlasts=False)
