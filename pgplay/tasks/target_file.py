"""A target from a text file."""

from __future__ import annotations

from pathlib import Path

from pgplay.errors import InputError
from pgplay.files.text import read_plain_text

TARGET_LIMIT = 1_000_000
"""Most bytes of a target's file; the longest completion of any model is far shorter."""


def read_target(path: Path) -> str:
    """Return the text of the file at `path`, without one newline at its end.

    Raises InputError if it is missing, a folder, empty, above 1 MB, not UTF-8 (or UTF-16 with a byte order mark), or
    has a control character.
    """
    text = read_plain_text(path, TARGET_LIMIT).removesuffix("\n")
    if not text:
        raise InputError("target_file.empty", path=path)
    return text
