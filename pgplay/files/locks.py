"""Locks between processes, released by the system whenever their process dies."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from pgplay.errors import PgplayError
from pgplay.files.atomic import as_user_errors, recover
from pgplay.paths import make_folder

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


_HELD_BY_ANOTHER = {errno.EWOULDBLOCK, errno.EACCES, errno.EAGAIN, errno.EDEADLK}
_BETWEEN_TRIES = 0.005  # seconds
_FOLDER_PATIENCE = 10.0  # seconds; a folder's lock is held for one write, so a longer wait means a stuck process


class FileLock:
    """An exclusive lock on its own file, held through an open file; the system releases it with the process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def take(self, patience: float = 0.0) -> bool:
        """Take the lock and return True; return False if another process still holds it after `patience` seconds.

        Raises PgplayError where the lock's file can't be made.
        """
        if self.held:
            return True
        with as_user_errors("action.lock", self.path):
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            deadline = time.monotonic() + patience
            while True:
                try:
                    _take(descriptor)
                except OSError as error:
                    if error.errno not in _HELD_BY_ANOTHER:
                        os.close(descriptor)
                        raise
                else:
                    self._descriptor = descriptor
                    return True
                if time.monotonic() >= deadline:
                    os.close(descriptor)
                    return False
                time.sleep(_BETWEEN_TRIES)

    def release(self) -> None:
        """Release the lock."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_held(path: Path) -> bool:
    """Whether another process holds the lock of the file `path`; False where it is missing or may not be written."""
    if not path.exists() or not os.access(path.parent, os.W_OK):
        return False
    lock = FileLock(path)
    if not lock.take():
        return True
    lock.release()
    return False


@contextlib.contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold the lock of `folder`, creating it if missing and cleaning up after crashes.

    Raises PgplayError where it can't be written, or where another pgplay does not release it.
    """
    lock = FileLock(make_folder(folder) / ".lock")
    if not lock.take(_FOLDER_PATIENCE):
        raise PgplayError("folder.busy", folder=folder, seconds=_FOLDER_PATIENCE)
    try:
        with as_user_errors("action.clean", folder):
            recover(folder)
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def unchanging_folder(folder: Path) -> Iterator[None]:
    """Prevent changes to `folder` by other processes while the block reads it.

    If it is missing or not writable, there is no lock to take, and the block just reads.
    """
    if os.access(folder, os.W_OK):
        with locked_folder(folder):
            yield
    else:
        yield
