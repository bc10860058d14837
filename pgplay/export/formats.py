"""A run as a file: metrics, curves, or a page with everything."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from pgplay.errors import InputError, UnknownName
from pgplay.export.figure import MOST_BUCKETS, changes_of, figure_of, metrics_of
from pgplay.export.html import to_html
from pgplay.export.pictures import PICTURE_FORMATS, write_picture
from pgplay.learning.reports.metrics import USUAL_METRICS
from pgplay.runs.curves import Window, curves_of
from pgplay.runs.reader import RunReader

RUN_FORMATS = ("csv", "jsonl", *PICTURE_FORMATS, "html")
ExportedRow = tuple[int, dict[str, float], str | None]
"""A step, its metrics, and the SHA-256 of the reward that scored it, None where it is unknown."""

OnShare = Callable[[float], object]
"""Called with the share of the run that has been read, 0 to 1."""

REWARD_HASH = "reward_hash"
"""The column of an exported row that names the reward."""

_AT_ONCE = 1024  # rows


def export_run(
    run: RunReader, format_name: str, metrics: Sequence[str] = (), on_share: OnShare = lambda share: None
) -> Iterator[bytes]:
    """Yield the run in one of FORMATS, piece by piece; `metrics` are a picture's curves, by default the usual.

    Raises InputError for another format, for a metric that the run does not have, and for a picture whose package is
    not installed; PgplayError where the run can't be read.
    """
    check_format(format_name)
    last = run.progress().steps
    windows = _reported(run.windows(until=last), last, on_share)
    rows = itertools.chain.from_iterable(map(_rows_of, windows))
    if format_name == "csv":
        yield from rows_to_csv(run.metrics(), rows)
        return
    if format_name == "jsonl":
        yield from rows_to_jsonl(rows)
        return
    curves = curves_of(windows, last, MOST_BUCKETS)
    if format_name == "html":
        yield to_html(run, curves).encode()
        return
    available = metrics_of(curves)
    for name in metrics:
        if name not in available:
            raise UnknownName("metric", name, available) if available else InputError("export.no_steps")
    plotted = metrics or [name for name in USUAL_METRICS if name in available] or USUAL_METRICS[:1]
    figure = figure_of(curves, plotted, changes_of(run.events()))
    yield write_picture(figure, format_name)


def check_format(format_name: str) -> None:
    """Raise InputError if `format_name` is none of FORMATS."""
    if format_name not in RUN_FORMATS:
        raise UnknownName("format", format_name, RUN_FORMATS)


def _rows_of(window: Window) -> Iterator[ExportedRow]:
    for (step, metrics), scorer in zip(window.rows(), window.scorers, strict=True):
        yield step, metrics, None if scorer is None else scorer.hash


def rows_to_csv(names: Sequence[str], rows: Iterable[ExportedRow]) -> Iterator[bytes]:
    """Yield `rows` as CSV: columns for the step, each of `names` and the reward's hash; empty where a row lacks one."""
    head = io.StringIO()
    csv.writer(head, lineterminator="\n").writerow(["step", *names, REWARD_HASH])
    yield head.getvalue().encode()
    encode = msgspec.json.Encoder().encode  # writes numbers four times as fast as csv does
    for part in _parts(rows):
        lines = (encode([step, *map(metrics.get, names), scorer])[1:-1] for step, metrics, scorer in part)
        yield b"".join(line.replace(b"null", b"") + b"\n" for line in lines)


def rows_to_jsonl(rows: Iterable[ExportedRow]) -> Iterator[bytes]:
    """Yield `rows` as one JSON object a line, `step` first, the reward's hash last where it is known."""
    encode = msgspec.json.Encoder().encode
    for part in _parts(rows):
        yield b"".join(encode(_as_object(row)) + b"\n" for row in part)


def _as_object(row: ExportedRow) -> dict[str, float | str]:
    step, metrics, scorer = row
    return {"step": step, **metrics} if scorer is None else {"step": step, **metrics, REWARD_HASH: scorer}


def _parts(rows: Iterable[ExportedRow]) -> Iterator[list[ExportedRow]]:
    rows = iter(rows)
    while part := list(itertools.islice(rows, _AT_ONCE)):
        yield part


def _reported(windows: Iterable[Window], last: int, on_share: OnShare) -> Iterator[Window]:
    """Yield `windows` and report progress with each."""
    for window in windows:
        on_share(window.steps[0] / max(1, last))
        yield window
