"""Atomic writes: a crash at any instant leaves the old or the new content, never a mixture.

A file is written without a name where the system can (Linux), else under a temporary one, then synced and named. A
killed process leaves nothing behind on Linux, unless it dies between the two calls that replace an old file; the next
write of that file cleans up. A folder is filled under a hidden name, synced and renamed; the old one is renamed out of
the way first, and `recover` restores it after a crash between the two renames.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from pgplay.errors import InputError, PgplayError, is_disk_full
from pgplay.locale.catalog import Coded
from pgplay.paths import data_folder

_FILLING, _REPLACED, _DELETED = ".new-", ".old-", ".gone-"


_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_NO_UNNAMED_FILES = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL}
_TRIES_TO_NAME = 20  # each but the first because another process names the same file at the same time


@contextlib.contextmanager
def as_user_errors(action: str | Coded, path: Path) -> Iterator[None]:
    """Turn an OSError of the block into a PgplayError: the `action` at `path` failed, why, and what to do."""
    try:
        yield
    except OSError as error:
        raise _user_error(action, path, error) from error


def _user_error(action: str | Coded, path: Path, error: OSError) -> PgplayError:
    if is_disk_full(error):
        return PgplayError("disk.full", action=action, path=path)
    elsewhere = "place.other_home" if path.is_relative_to(data_folder()) else "place.other_folder"
    if error.errno in _FORBIDDEN:
        return PgplayError("disk.forbidden", action=action, path=path, elsewhere=elsewhere)
    reason = error.strerror or str(error)
    return PgplayError("disk.failed", action=action, path=path, reason=reason, elsewhere=elsewhere)


OTHER_FILE = "advice.other_name"


def check_destination(path: Path, overwrite: bool = False, advice: str = OTHER_FILE) -> None:
    """Raise InputError if `path` is a folder, has no folder, or is a file already and may not be overwritten.

    `advice` is what a person can do about an existing file.
    """
    if path.is_dir():
        raise InputError("file.folder", path=path)
    if path.exists() and not overwrite:
        raise InputError("file.exists", path=path, advice=advice)
    if not path.parent.is_dir():
        raise InputError("file.no_folder", folder=path.parent)


def write_atomically(path: Path, data: bytes | Iterable[bytes], *, outlasts: bool = True) -> None:
    """Write `data`, or its pieces, to the file `path`, whose folder exists, atomically.

    Without `outlasts` a power cut may undo it until the folder is synced by another write. Raises PgplayError if the
    disk is full or the place can't be written; the old file then stays.
    """
    with as_user_errors(("action.write", {"name": path.name}), path):
        unnamed = _open_unnamed(path.parent)
        if unnamed is None:
            _write_aside(path, data)
        else:
            with unnamed:
                _fill(unnamed, data)
                _give_name(unnamed.fileno(), path)
        if outlasts:
            sync_folder(path.parent)


def _open_unnamed(folder: Path) -> BinaryIO | None:
    """Return a new file in `folder` without a name; None if the system has no such files."""
    unnamed = getattr(os, "O_TMPFILE", None)
    if unnamed is None or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.fdopen(os.open(folder, unnamed | os.O_WRONLY, 0o666), "wb")
    except OSError as error:
        if error.errno in _NO_UNNAMED_FILES:
            return None
        raise


def _give_name(descriptor: int, path: Path) -> None:
    """Name the open file without a name `path`, replacing an old file."""
    aside = path.with_name(_FILLING + hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16])
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        for tries_left in reversed(range(_TRIES_TO_NAME)):
            try:
                if not path.exists():
                    # With a folder's descriptor this is linkat, which follows the link that /proc shows.
                    os.link(f"/proc/self/fd/{descriptor}", path.name, dst_dir_fd=folder, follow_symlinks=True)
                    return
                aside.unlink(missing_ok=True)
                os.link(f"/proc/self/fd/{descriptor}", aside.name, dst_dir_fd=folder, follow_symlinks=True)
                os.replace(aside, path)
                return
            except (FileExistsError, FileNotFoundError):
                if not tries_left:
                    raise
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise
    finally:
        os.close(folder)


def _write_aside(path: Path, data: bytes | Iterable[bytes]) -> None:
    aside = path.with_name(f"{_FILLING}{secrets.token_hex(8)}")
    try:
        write_synced(aside, data)
        os.replace(aside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise


def write_synced(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write `data`, or its pieces, to the new file `path` and sync it, for use in `new_folder`; raises OSError."""
    with open(path, "xb") as file:
        _fill(file, data)


def _fill(file: BinaryIO, data: bytes | Iterable[bytes]) -> None:
    file.writelines([data] if isinstance(data, bytes) else data)
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` survive a power cut, if the system supports it (Windows does not)."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems cannot sync a folder
            raise
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def new_folder(folder: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield an empty folder to fill, which becomes `folder` when the block succeeds.

    The caller holds the lock of the parent folder and syncs each file (`write_synced` does); `replace` replaces an old
    `folder`. Raises PgplayError, for an OSError of the block too; the old folder then stays.
    """
    aside = folder.with_name(f"{_FILLING}{secrets.token_hex(8)}")
    with as_user_errors(("action.write", {"name": folder.name}), folder):
        try:
            aside.mkdir()
            yield aside
            sync_folder(aside)
            _move_into_place(aside, folder, replace)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        sync_folder(folder.parent)
    shutil.rmtree(_replaced(folder), ignore_errors=True)


def _move_into_place(aside: Path, folder: Path, replace: bool) -> None:
    if not folder.exists():
        aside.rename(folder)
        return
    if not replace:
        raise InputError("folder.taken", folder=folder)
    folder.rename(_replaced(folder))
    try:
        aside.rename(folder)
    except OSError:
        _replaced(folder).rename(folder)
        raise


def _replaced(folder: Path) -> Path:
    return folder.with_name(_REPLACED + folder.name)


def delete_folder(folder: Path) -> None:
    """Delete `folder` atomically: at any instant it is complete or gone. Raises PgplayError.

    The caller holds the lock of the parent folder.
    """
    doomed = folder.with_name(f"{_DELETED}{secrets.token_hex(8)}")
    with as_user_errors(("action.delete", {"name": folder.name}), folder):
        folder.rename(doomed)
        sync_folder(folder.parent)
    shutil.rmtree(doomed, ignore_errors=True)


def recover(parent: Path) -> None:
    """Finish what a crash interrupted in `parent`; the caller holds its lock, so nothing is being written there."""
    for leftover in [path for path in parent.iterdir() if path.name.startswith((_FILLING, _REPLACED, _DELETED))]:
        original = parent / leftover.name.removeprefix(_REPLACED)
        if leftover.name.startswith(_REPLACED) and not original.exists():
            leftover.rename(original)
        elif leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def kept_folders(parent: Path) -> list[Path]:
    """Return the stored folders in `parent`, sorted by name; none if it is missing."""
    with as_user_errors("action.list", parent):
        if not parent.exists():
            return []
        return sorted(path for path in parent.iterdir() if path.is_dir() and not path.name.startswith("."))
