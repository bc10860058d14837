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
from pgplay.paths import expand_home

ALLOWED_CONTROLS = "\n\t"


def check_text(text: str, what: str = "The target", *, field: str = "") -> None:
    """Raise InputError if `text` contains a control character other than newline and tab, or a lone surrogate.

    `what` names the text in the message, and `field` the setting that gave it; positions count from 1.
    """
    for position, character in enumerate(text, start=1):
        if not is_unwritable(character):
            continue
        where = f"U+{ord(character):04X} at position {position}"
        if unicodedata.category(character) == "Cs":
            raise InputError(f"{what} holds half a character, {where}.", "Give it as valid UTF-8.", field=field)
        raise InputError(
            f"{what} holds the control character {where}.",
            "Remove it; newline and tab are the only control characters allowed.",
            field=field,
        )


def is_unwritable(character: str) -> bool:
    """Whether `character` is a control character other than newline and tab, or a lone surrogate."""
    return unicodedata.category(character) in ("Cc", "Cs") and character not in ALLOWED_CONTROLS


_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


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

    Raises InputError if it is missing, a folder, too large, a pipe or device (reading would block), or unreadable.
    """
    path = expand_home(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                raise IsADirectoryError
            if not stat.S_ISREG(status.st_mode):
                raise InputError(f"{path} is {_kind(status.st_mode)}, not a file.", "Save its content to a file.")
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


def parse_toml(path: Path, text: str) -> dict[str, Any]:
    """Return the TOML document `text`; raises InputError that names the file and the line of a syntax error."""
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise InputError(f"{path} nests its brackets too deep.", "A text goes in quotation marks.") from error
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"^(.*) \(at (?:line (\d+), column \d+|end of document)\)$", str(error), re.DOTALL)
        problem, line = (found[1], found[2]) if found else (str(error), None)
        place = line or text.count("\n") + 1
        raise InputError(f"{path}:{place}: this is no TOML: {problem}.", "A text goes in quotation marks.") from error
    except ValueError as error:  # a number of thousands of digits
        raise InputError(f"{path} holds a number that is too long.", "A text goes in quotation marks.") from error
