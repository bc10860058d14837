"""A run as a file for other programs and other people: metrics, curves, or a page with all of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

import msgspec

from pgplay.errors import InputError, unknown_name
from pgplay.runs.figures import USUAL, changes_of, figure_of, metrics_of
from pgplay.runs.png import to_png
from pgplay.runs.reader import RunReader
from pgplay.runs.report import to_html
from pgplay.runs.svg import to_svg

FORMATS = ("csv", "jsonl", "svg", "png", "html")
Rows = Iterable[tuple[int, dict[str, float]]]


def export_run(store: RunReader, wanted: str, metrics: Sequence[str] = ()) -> bytes:
    """Return the run in `store` in one of FORMATS; `metrics` are the curves of svg and png, by default the usual ones.

    Raises InputError for another format, for a metric that the run does not have, and for png without Pillow;
    PgplayError where the run can't be read.
    """
    if wanted not in FORMATS:
        raise unknown_name("format", wanted, FORMATS)
    if wanted == "html":
        return to_html(store).encode()
    rows = store.rows()
    if wanted == "csv":
        return rows_to_csv(rows).encode()
    if wanted == "jsonl":
        return rows_to_jsonl(rows).encode()
    known = metrics_of(rows)
    for name in metrics:
        if name not in known:
            raise unknown_name("metric of this run", name, known) if known else InputError("The run has made no step.")
    shown = metrics or [name for name in USUAL if name in known] or USUAL[:1]
    figure = figure_of(rows, shown, changes_of(store.events()))
    return to_png(figure) if wanted == "png" else to_svg(figure).encode()


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
