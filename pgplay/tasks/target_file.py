"""A target from a text file."""

from __future__ import annotations

from pathlib import Path

from pgplay.errors import InputError
from pgplay.files.text import check_text, read_text

TARGET_LIMIT = 1_000_000
"""Most bytes of a target's file; the longest completion of any model is far shorter."""


def read_target(path: str | Path) -> str:
    """Return the text of the file at `path`, without one newline at its end.

    Raises InputError if it is missing, a folder, empty, above 1 MB, not UTF-8 (or UTF-16 with a byte order mark), or
    has a control character.
    """
    text = read_text(path, TARGET_LIMIT).removesuffix("\n")
    if not text:
        raise InputError(f"{path} is empty.", "Give a file with at least one character to learn.")
    check_text(text, str(path))
    return text
