"""The stamp of a file: equal stamps mean that what was read before still holds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple


class FileStamp(NamedTuple):
    """Which file it is, and what changes when it is written anew, in place or by a rename."""

    path: str
    mtime_ns: int
    ctime_ns: int
    size: int
    inode: int


def file_stamp(path: Path) -> FileStamp | None:
    """Return the stamp of the file at `path` as it is now; None where there is none to be seen."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return FileStamp(os.path.abspath(path), status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
