"""Texts for a warm start, line by line: shipped ones by name, and files."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from pgplay.errors import InputError, UnknownName
from pgplay.files.stamp import FileStamp, file_stamp
from pgplay.files.text import read_plain_text
from pgplay.paths import expand_home, shipped

CORPUS_LIMIT = 100_000_000
"""Most bytes of a text."""


def corpus_names() -> list[str]:
    """Return the names of the shipped texts."""
    return sorted(path.stem for path in (shipped("assets") / "corpora").glob("*.txt"))


def read_corpus(name_or_path: str) -> tuple[str, ...]:
    """Return the non-blank lines of a shipped text or a file.

    Raises InputError for an unknown name, a file that cannot be read, and one without a line.
    """
    path = _path(name_or_path)
    return _read(path, file_stamp(path))


def own_corpus_file(name_or_path: str) -> Path | None:
    """Return the person's file that is named, None for a shipped text; raises InputError for an unknown name."""
    return None if name_or_path in corpus_names() else _path(name_or_path)


def _path(name_or_path: str) -> Path:
    """Return the file of a text that ships, or the one that is named; raises InputError for an unknown name."""
    if name_or_path in corpus_names():
        return shipped("assets") / "corpora" / f"{name_or_path}.txt"
    path = expand_home(name_or_path)
    if not path.suffix and (not os.path.exists(path) or os.path.isdir(path)):
        raise UnknownName("text", name_or_path, corpus_names(), field="warm_text")
    return path


@lru_cache(maxsize=1)
def _read(path: Path, stamp: FileStamp | None) -> tuple[str, ...]:
    """Return the lines of the file at `path`; kept until its `stamp` changes."""
    text = read_plain_text(path, CORPUS_LIMIT)
    lines = tuple(line.strip() for line in text.split("\n") if line.strip())
    if not lines:
        raise InputError("corpus.empty", path=path)
    return lines
