"""Reading and checking text from files: decoding, sizes, control characters, TOML."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import re
import stat
import tomllib
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pgplay.errors import InputError
from pgplay.locale.catalog import Coded

ALLOWED_CONTROLS = "\n\t"


def check_text(text: str, subject: str | Coded = "subject.target", *, field: str = "") -> None:
    """Raise InputError if `text` contains a control character other than newline and tab, or a lone surrogate.

    `subject` names the text in the message, and `field` the setting that gave it; positions count from 1.
    """
    for position, character in enumerate(text, start=1):
        if is_unwritable(character):
            code = "text.surrogate" if unicodedata.category(character) == "Cs" else "text.control"
            raise InputError(code, field=field, subject=subject, character=ord(character), position=position)


def is_unwritable(character: str) -> bool:
    """Whether `character` is a control character other than newline and tab, or a lone surrogate."""
    return unicodedata.category(character) in ("Cc", "Cs") and character not in ALLOWED_CONTROLS


_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def read_text(path: Path, limit: int) -> str:
    """Return the text of the file at `path`, of at most `limit` bytes, with every line end as a newline.

    Raises InputError as `open_regular` does, and for bytes that are neither UTF-8 nor UTF-16 with a byte order mark.
    """
    data = read_bytes(path, limit)
    encoding = next((name for mark, name in _UTF_16.items() if data.startswith(mark)), "utf-8")
    mark = {"utf-8": codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""}.get(encoding, data[:2])
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        position = len(mark) + error.start
        raise InputError(
            "file.encoding",
            path=path,
            line=data.count(b"\n", 0, position) + 1,
            byte=data[position],
            position=position,
            encoding=encoding.upper(),
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_plain_text(path: Path, limit: int) -> str:
    """Return the text as `read_text` does; raises InputError for control characters and lone surrogates too."""
    text = read_text(path, limit)
    check_text(text, str(path))
    return text


def read_bytes(path: Path, limit: int) -> bytes:
    """Return the content of the file at `path`, of at most `limit` bytes; raises InputError as `open_regular` does."""
    with open_regular(path, limit) as file:
        data = file.read(limit + 1)
    if len(data) > limit:  # it grew
        raise InputError("file.too_large", path=path, limit=limit)
    return data


@contextlib.contextmanager
def open_regular(path: Path, limit: int) -> Iterator[BinaryIO]:
    """Open the regular file at `path`, of at most `limit` bytes, for reading.

    Raises InputError if it is missing, a folder, too large, a pipe or device (reading would block), or unreadable.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                raise IsADirectoryError
            if not stat.S_ISREG(status.st_mode):
                raise InputError("file.not_regular", path=path, kind=_kind(status.st_mode))
            if status.st_size > limit:
                raise InputError("file.too_large", path=path, limit=limit)
            yield file
    except FileNotFoundError as error:
        raise InputError("file.missing", path=path) from error
    except IsADirectoryError as error:
        raise InputError("file.folder", path=path) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError("file.unreadable", path=path, reason=reason) from error


def _kind(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "file_kind.pipe"
    return "file_kind.socket" if stat.S_ISSOCK(mode) else "file_kind.device"


def lines_of(text: str) -> list[str]:
    """Return the lines of `text`, which only newlines, carriage returns and both together end, as in Python's source.

    `str.splitlines` also splits at form feeds, U+2028 and others that can occur within a line.
    """
    return [line.removesuffix("\n") for line in io.StringIO(text, newline=None)]


def parse_toml(path: Path, text: str) -> dict[str, Any]:
    """Return the TOML document `text`; raises InputError that names the file and the line of a syntax error."""
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise InputError("toml.too_deep", path=path) from error
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"^(.*) \(at (?:line (\d+), column \d+|end of document)\)$", str(error), re.DOTALL)
        reason, line = (match[1], match[2]) if match else (str(error), None)
        last_line = text.count("\n") + 1
        raise InputError("toml.syntax", path=path, line=int(line or last_line), reason=reason) from error
    except ValueError as error:  # a number of thousands of digits
        raise InputError("toml.long_number", path=path) from error
