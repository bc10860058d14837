"""Text files as a person saves them: decoded, with every fault named by file and place."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pgplay.errors import InputError
from pgplay.paths import expand_home
from pgplay.tasks.alphabet import check_text

TARGET_LIMIT = 1_000_000
"""Bytes of a target's file; the longest completion of any model is far shorter."""

_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def read_target(path: str | Path) -> str:
    """Return the text of the file at `path`, less one newline at its end.

    Raises InputError where it is missing, a folder, empty, above 1 MB, not UTF-8 (nor UTF-16 with a byte order mark),
    or holds a control character.
    """
    text = read_text(path, TARGET_LIMIT).removesuffix("\n")
    if not text:
        raise InputError(f"{path} is empty.", "Give a file with at least one character to learn.")
    check_text(text, str(path))
    return text


def read_text(path: str | Path, limit: int) -> str:
    """Return the text of the file at `path`, of at most `limit` bytes, with every line end as a newline.

    Raises InputError as `read_target` does, but allows an empty file.
    """
    data = read_bytes(Path(path), limit)
    encoding = next((name for mark, name in _UTF_16.items() if data.startswith(mark)), "utf-8")
    mark = {"utf-8": codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""}.get(encoding, data[:2])
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        place = len(mark) + error.start
        line = data.count(b"\n", 0, place) + 1
        raise InputError(
            f"{path}:{line}: the byte 0x{data[place]:02X} at position {place} is not {encoding.upper()}.",
            "Save the file as UTF-8, or as UTF-16 with a byte order mark.",
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_bytes(path: Path, limit: int) -> bytes:
    """Return the content of the file at `path`, of at most `limit` bytes; raises InputError as `open_regular` does."""
    with open_regular(path, limit) as file:
        data = file.read(limit + 1)
    if len(data) > limit:  # it grew
        raise _too_large(path, limit)
    return data


@contextlib.contextmanager
def open_regular(path: Path, limit: int) -> Iterator[BinaryIO]:
    """Open the regular file at `path`, of at most `limit` bytes, for reading.

    Raises InputError where it is missing, a folder, larger, or a pipe or device, for which one would wait; also where
    reading it fails.
    """
    path = expand_home(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                raise IsADirectoryError
            if not stat.S_ISREG(status.st_mode):
                raise InputError(f"{path} is {_kind(status.st_mode)}, not a file.", "Save its content in a file.")
            if status.st_size > limit:
                raise _too_large(path, limit)
            yield file
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.", "Check its name and its folder.") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder.", "Name a file in it.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path} cannot be read: {reason}.", "Name a file that you may read.") from error


def _too_large(path: Path, limit: int) -> InputError:
    return InputError(f"{path} is larger than {limit:,} bytes.", "Give a smaller file.")


def _kind(mode: int) -> str:
    return "a named pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"


def lines_of(text: str) -> list[str]:
    """Return the lines of `text`, which only newlines, carriage returns and both together end, as in Python's source.

    `str.splitlines` also splits at form feeds, U+2028 and others that stand within a line.
    """
    return [line.removesuffix("\n") for line in io.StringIO(text, newline=None)]
