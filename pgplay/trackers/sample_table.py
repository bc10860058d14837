"""Samples as the rows of a table, in Markdown that shows each text as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pgplay.export.printable_text import printable

if TYPE_CHECKING:
    from pgplay.learning.reports.step_report import Sample

COLUMNS = ("sample", "reward", "prompt", "completion", "target")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&$])")


def plain_rows(samples: Sequence[Sample]) -> list[tuple[str, float, str, str, str]]:
    """Return a row of COLUMNS for each sample."""
    return [(sample.role, sample.reward, sample.prompt, sample.text, sample.target) for sample in samples]


def markdown_rows(samples: Sequence[Sample]) -> list[tuple[str, ...]]:
    """Return a row of COLUMNS for each sample, in Markdown."""
    rows = ((role, f"{reward:.4g}", *texts) for role, reward, *texts in plain_rows(samples))
    return [tuple(map(escape_markdown, row)) for row in rows]


def escape_markdown(text: str) -> str:
    """Return `text` on one line, so that Markdown shows it as it is."""
    return _MARKDOWN.sub(r"\\\1", printable(text))
