"""A run's metrics as files for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

import msgspec

Rows = Iterable[tuple[int, dict[str, float]]]


def rows_to_csv(rows: Rows) -> str:
    """Return `rows` as CSV: a column `step` and one for each metric that any row has, empty where a row lacks it."""
    rows = list(rows)
    names = list(dict.fromkeys(name for _, metrics in rows for name in metrics))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["step", *names])
    writer.writerows([step, *(metrics.get(name, "") for name in names)] for step, metrics in rows)
    return text.getvalue()


def rows_to_jsonl(rows: Rows) -> str:
    """Return `rows` as one JSON object a line, `step` first."""
    encoder = msgspec.json.Encoder()
    return "".join(f"{encoder.encode({'step': step, **metrics}).decode()}\n" for step, metrics in rows)
