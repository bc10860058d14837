"""The documentation that ships with pgplay, as the app reads it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pgplay.files.text import read_text
from pgplay.paths import shipped

NOT_SHOWN = ("glossary", "keys")
"""Pages whose content the help shows already."""


MOST_BYTES = 1_000_000


class Document(NamedTuple):
    """A page of the documentation: its file, title, first sentence, and the titles of its sections."""

    path: Path
    title: str
    summary: str
    sections: tuple[str, ...]

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem


@cache
def documents() -> tuple[Document, ...]:
    """Return every page by name, without those that the help shows; raises PgplayError where they are missing."""
    pages = sorted(path for path in shipped("docs").glob("*.md") if path.stem not in NOT_SHOWN)
    return tuple(map(_read, pages))


def document_text(document: Document) -> str:
    """Return the page's text, in Markdown."""
    return read_text(document.path, MOST_BYTES)


def _read(path: Path) -> Document:
    text = read_text(path, MOST_BYTES)
    title, *sections = re.findall(r"^##? (.+)$", text, re.MULTILINE)
    paragraphs = [part for part in text.split("\n\n")[1:] if part[:1].isalpha() and "`python -m" not in part]
    summary = " ".join(paragraphs[0].split()).split(". ")[0].rstrip(":.") + "." if paragraphs else ""
    return Document(path, title, summary, tuple(sections))
