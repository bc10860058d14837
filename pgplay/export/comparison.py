"""Several runs in one picture or table: one metric, one line per recipe, seeds as a median with its band."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import NamedTuple

from pgplay.errors import UnknownName
from pgplay.export import axes
from pgplay.export.figure import (
    HEIGHT,
    PAPER,
    WIDTH,
    Caption,
    Figure,
    Frame,
    Point,
    Polygon,
    Polyline,
    Shape,
    box,
    framed,
)
from pgplay.export.pictures import PICTURE_FORMATS, write_picture
from pgplay.runs.curves import Bucket

COMPARISON_FORMATS = (*PICTURE_FORMATS, "csv")
COLOURS = ("#0b7a75", "#b06f00", "#a8437e", "#3566b0", "#6a8f1f", "#8a4fc4", "#c2452d", "#5b6570")
"""One per line; dark enough on paper."""
_BAND_OPACITY = 0.22
_ROW = 18
_LEGEND_LEFT = 70


class ComparedSeries(NamedTuple):
    """One line: its name, its colour's number, how many runs it joins, their median and the edges of their band."""

    name: str
    colour: int
    runs: int
    values: tuple[Bucket, ...]
    lowest: tuple[Bucket, ...] = ()
    highest: tuple[Bucket, ...] = ()


def write_comparison(series: Sequence[ComparedSeries], metric: str, format_name: str) -> bytes:
    """Return the picture or the numbers (csv) of `series`; raises InputError for another format."""
    if format_name == "csv":
        return to_csv(series, metric).encode()
    if format_name not in COMPARISON_FORMATS:
        raise UnknownName("format", format_name, COMPARISON_FORMATS)
    return write_picture(comparison_figure(series, metric), format_name)


def to_csv(series: Sequence[ComparedSeries], metric: str) -> str:
    """Return one row per line and step: the median of its runs, with the lowest and the highest."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["line", "runs", "step", metric, "lowest", "highest"])
    for line in series:
        edges = zip(line.lowest or line.values, line.highest or line.values, strict=True)
        for bucket, (low, high) in zip(line.values, edges, strict=True):
            writer.writerow([line.name, line.runs, bucket.step, bucket.last, low.last, high.last])
    return file.getvalue()


def comparison_figure(series: Sequence[ComparedSeries], metric: str) -> Figure:
    """Return the plot of `metric`, with the lines' names below it."""
    height = HEIGHT + _ROW * (len(series) + 1)
    shapes: list[Shape] = [Polygon(box(0, 0, WIDTH, height), PAPER)]
    buckets = [bucket for line in series for bucket in (*line.values, *line.lowest, *line.highest)]
    if buckets:
        values = [bucket.last for bucket in buckets]
        across = axes.step_axis(max(bucket.step for bucket in buckets), 80)
        frame, drawn = framed(metric, across, axes.value_axis(min(values), max(values), 4))
        shapes += drawn
        shapes += [_band(frame, line) for line in series if line.lowest]
        shapes += [Polyline(_points(frame, line.values), _colour(line), 1.8) for line in series]
    for place, line in enumerate(series):
        y = HEIGHT + _ROW * (place + 0.5)
        shapes.append(Polyline([(_LEGEND_LEFT, y - 4), (_LEGEND_LEFT + 24, y - 4)], _colour(line), 3))
        shapes.append(Caption((_LEGEND_LEFT + 32, y), line.name[:110], 12))
    return Figure(WIDTH, height, tuple(shapes))


def _colour(line: ComparedSeries) -> str:
    return COLOURS[line.colour % len(COLOURS)]


def _points(frame: Frame, buckets: Sequence[Bucket]) -> list[Point]:
    return [frame.at(bucket.step, bucket.last) for bucket in buckets]


def _band(frame: Frame, line: ComparedSeries) -> Polygon:
    return Polygon([*_points(frame, line.lowest), *_points(frame, line.highest)[::-1]], _on_paper(_colour(line)))


def _on_paper(colour: str) -> str:
    """Return `colour` as it looks on paper when it covers only a part of it."""
    parts = [(int(colour[i : i + 2], 16), int(PAPER[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(_BAND_OPACITY * ink + (1 - _BAND_OPACITY) * paper):02x}" for ink, paper in parts)
