"""Curves by plotext, the only module that imports it.

plotext 6.1 aborts the whole process on NaN and raises on inf, and braille lines of thousands of points take 100 ms. So
it is handed nothing but fractions between 0 and 1 (`axes.Axis.fraction`), thinned to the lowest and highest of each dot
column. The frame with its round ticks is drawn here; every curve and band is plotext's.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import plotext
from rich.style import Style
from rich.text import Text

from pgplay.app import axes
from pgplay.app.history import Bucket, Series

SMALLEST_WIDTH, SMALLEST_HEIGHT = 12, 3
_DOTS = 2
"""Dot columns of a braille character."""

_PENS = {"band": 1, "line": 2, "points": 3}
"""The palette numbers by which plotext marks cells, so that the theme's own styles can be put in their place."""

_MARKERS = {"band": "░", "line": "braille", "points": "▪"}
_CELLS_A_POINT = 3
_ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")


class Chart(NamedTuple):
    """What one plot shows. A `band` lies between two series, `points` are a second curve drawn by single marks.

    The axis reaches from 0 to `top` at least.
    """

    line: Series
    points: Series | None = None
    band: tuple[Series, Series] | None = None
    top: float = 0.0


def draw(chart: Chart, width: int, height: int, last_step: int, styles: Mapping[str, Style]) -> Text:
    """Return the plot as `height` lines of `width` cells, ticks included; empty where it is too small to be one.

    `styles` names how 'band', 'line', 'points' and 'axis' look.
    """
    if width < SMALLEST_WIDTH or height < SMALLEST_HEIGHT:
        return Text()
    rows = height - 2 if height >= 5 else height - 1
    shown = [series for series in (chart.line, chart.points, *(chart.band or ())) if series is not None]
    low = min((bucket.low for series in shown for bucket in series.buckets), default=0.0)
    high = max((bucket.high for series in shown for bucket in series.buckets), default=1.0)
    high = max(high, chart.top)
    value_axis = axes.value_axis(low, high, max(1, min(4, rows // 2)))
    texts = axes.labels(value_axis.ticks)
    margin = max(3, *(len(text) for text in texts)) + 1
    columns = width - margin - 2
    if columns < 4:
        return Text()
    step_axis = axes.step_axis(last_step, columns)
    canvas = _canvas(chart, columns, rows, step_axis, value_axis)
    ticks = {
        round((1 - value_axis.fraction(tick)) * (rows - 1)): text
        for tick, text in zip(value_axis.ticks, texts, strict=True)
    }
    axis = styles["axis"]
    picture = Text(no_wrap=True, end="")
    for row, line in enumerate(canvas):
        picture.append(f"{ticks.get(row, ''):>{margin}} {'┤' if row in ticks else '│'}", axis)
        for pen, characters in line:
            picture.append(characters, styles.get(pen, ""))
        picture.append("\n")
    picture.append(_step_ruler(step_axis, margin, columns, height >= 5), axis)
    return picture


def _step_ruler(axis: axes.Axis, margin: int, columns: int, with_labels: bool) -> str:
    places = {round(axis.fraction(tick) * (columns - 1)): axes.label(tick) for tick in axis.ticks}
    ruler = " " * (margin + 1) + "╰" + "".join("┴" if column in places else "─" for column in range(columns))
    if not with_labels:
        return ruler
    cells = [" "] * (margin + 2 + columns)
    for column, text in places.items():
        start = min(margin + 2 + column - len(text) // 2, len(cells) - len(text))
        if all(cell == " " for cell in cells[max(0, start - 1) : start + len(text)]):
            cells[start : start + len(text)] = text
    return ruler + "\n" + "".join(cells)


def _canvas(
    chart: Chart, columns: int, rows: int, step_axis: axes.Axis, value_axis: axes.Axis
) -> list[list[tuple[str, str]]]:
    """Return the drawn rows, each as runs of (pen, characters)."""
    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.clear()
    figure.plot_size(columns, rows)
    figure.canvas("default")
    figure.axes(False)
    figure.legend(False)
    figure.ruler("x", "lower").lim(0.0, 1.0).ticks([])
    figure.ruler("y", "left").lim(0.0, 1.0).ticks([])
    if chart.band is not None:
        lower, upper = (_outline(series.buckets, columns, step_axis, value_axis) for series in chart.band)
        if len(upper) == len(lower) > 0:
            band = _signal(figure, upper, "band")
            figure.draw(band.fill(_signal(figure, lower, "band")))
    if chart.line.buckets:
        figure.draw(_signal(figure, _thinned(chart.line.buckets, columns, step_axis, value_axis), "line").lines(True))
    if chart.points is not None and chart.points.buckets:
        figure.draw(_signal(figure, _marks(chart.points.buckets, columns, step_axis, value_axis), "points"))
    drawn: str = figure.build().string()
    lines = [_runs(line) for line in drawn.split("\n")[:rows]]
    return lines + [[] for _ in range(rows - len(lines))]


def _signal(figure: Any, points: Sequence[tuple[float, float]], pen: str) -> Any:
    marker = plotext.marker(_MARKERS[pen], plotext.pixel(_PENS[pen]))
    return figure.signal([x for x, _ in points], [y for _, y in points], marker=marker)


def _runs(line: str) -> list[tuple[str, str]]:
    """Return a line of plotext's as (pen, characters), its colour codes read and dropped."""
    pens = {f"38;5;{number}": pen for pen, number in _PENS.items()}
    runs, pen, position = [], "", 0
    for found in _ESCAPE.finditer(line):
        if found.start() > position:
            runs.append((pen, line[position : found.start()]))
        pen, position = pens.get(found[1], ""), found.end()
    if position < len(line):
        runs.append((pen, line[position:]))
    return runs


def _thinned(
    buckets: Sequence[Bucket], columns: int, step_axis: axes.Axis, value_axis: axes.Axis
) -> list[tuple[float, float]]:
    """Return the points of a line: of each dot column the lowest, the highest and the last value."""
    dots = max(1, columns * _DOTS - 1)
    by_dot: dict[int, list[float]] = {}
    for bucket in buckets:
        values = by_dot.setdefault(round(step_axis.fraction(bucket.step) * dots), [bucket.low, bucket.high, 0.0])
        values[0], values[1], values[2] = min(values[0], bucket.low), max(values[1], bucket.high), bucket.last
    points: list[tuple[float, float]] = []
    for dot, values in by_dot.items():
        fractions = dict.fromkeys(value_axis.fraction(value) for value in values)
        points.extend((dot / dots, fraction) for fraction in fractions)
    return points


def _marks(
    buckets: Sequence[Bucket], columns: int, step_axis: axes.Axis, value_axis: axes.Axis
) -> list[tuple[float, float]]:
    """Return single marks, one every few cells: the last value there."""
    places = max(1, (columns - 1) // _CELLS_A_POINT)
    last = {round(step_axis.fraction(bucket.step) * places): bucket for bucket in buckets}
    return [(step_axis.fraction(bucket.step), value_axis.fraction(bucket.last)) for bucket in last.values()]


def _outline(
    buckets: Sequence[Bucket], columns: int, step_axis: axes.Axis, value_axis: axes.Axis
) -> list[tuple[float, float]]:
    """Return one edge of a band at every cell column between the first and the last step, straight in between."""
    if not buckets:
        return []
    width = max(1, columns - 1)
    by_column = {round(step_axis.fraction(bucket.step) * width): value_axis.fraction(bucket.last) for bucket in buckets}
    known = sorted(by_column.items())
    points = [(known[0][0] / width, known[0][1])]
    for (left, first), (right, second) in itertools.pairwise(known):
        for column in range(left + 1, right + 1):
            height = first + (second - first) * (column - left) / (right - left)
            points.append((column / width, height))
    return points
