"""The stamp of a file; while it stays equal, the file has not changed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple


class FileStamp(NamedTuple):
    """A file's identity, and what changes when it is written again, in place or by a rename."""

    path: str
    mtime_ns: int
    ctime_ns: int
    size: int
    inode: int


def file_stamp(path: Path) -> FileStamp | None:
    """Return the present stamp of the file at `path`; None if it cannot be seen."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return FileStamp(os.path.abspath(path), status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
