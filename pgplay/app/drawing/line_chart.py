"""Curves by plotext, the only module that imports it.

plotext 6.1 aborts the process on NaN, raises on inf, and takes 100 ms for braille lines of thousands of points. So it
gets only fractions between 0 and 1 (`axes.Axis.fraction`), thinned to the lowest and highest of each dot column. The
frame with its round ticks is drawn here, curves and bands by plotext.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import plotext
from rich.style import Style
from rich.text import Text

from pgplay.export import axes
from pgplay.runs.curves import Bucket

SMALLEST_WIDTH, SMALLEST_HEIGHT = 12, 4
_DOTS = 2
"""Dot columns of a braille character."""

_ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")
_BAND, _MARK, _CURSOR = "░", "┊", "│"
NEWEST_MARKER, HERE_MARKER = "●", "◆"
"""The markers of a trail's newest point, and of the one under the cursor."""
LINE_MARKER = "braille"
"""The marker of a continuous curve; with any other, a curve is drawn as single marks."""

Run = list[tuple[str, str]]
"""A drawn row, as (pen, characters)."""


class Curve(NamedTuple):
    """Some buckets of one series, drawn with a pen (a name among the styles) and a marker.

    Single marks are drawn `every` few cells, shifted by `offset` cells.
    """

    buckets: Sequence[Bucket]
    pen: str = "line"
    marker: str = LINE_MARKER
    every: int = 3
    offset: int = 0


class ChartBand(NamedTuple):
    """The area between two series, filled with a pen."""

    lower: Sequence[Bucket]
    upper: Sequence[Bucket]
    pen: str = "band"


class Chart(NamedTuple):
    """The content of a plot: curves, the last one on top, over bands.

    The steps run from `first` to `last`: from 0 to a round number if `first` is 0, else exactly. The axis of values
    covers at least 0 to `top`; a `close` one covers just the values. A `logarithmic` axis leaves out values of 0 or
    less; if none remains, the axis is linear.

    `marks` are the steps of changes, `cursor` is the step that is read.
    """

    curves: tuple[Curve, ...]
    last: int
    first: int = 0
    bands: tuple[ChartBand, ...] = ()
    top: float = 0.0
    close: bool = False
    logarithmic: bool = False
    marks: Sequence[int] = ()
    cursor: int | None = None

    @property
    def is_logarithmic(self) -> bool:
        """Whether the axis of values is logarithmic, as any value is above 0."""
        return self.logarithmic and any(bucket.high > 0 for curve in self.curves for bucket in curve.buckets)

    def cleaned(self) -> Chart:
        """Return the chart without values that its axis cannot show; a band's edge below it is drawn at the bottom."""
        if not self.is_logarithmic:
            return self
        return self._replace(curves=tuple(curve._replace(buckets=_positive(curve.buckets)) for curve in self.curves))


def _positive(buckets: Sequence[Bucket]) -> list[Bucket]:
    return [bucket for bucket in buckets if bucket.low > 0]


class ChartFrame(NamedTuple):
    """A chart's layout: its axes, and the cells of the ticks at the left."""

    steps: axes.Axis
    values: axes.Axis
    texts: list[str]
    margin: int
    columns: int
    rows: int

    def step_at(self, column: int) -> int:
        """Return the step under the cell `column` of the plot, counted from its left edge."""
        fraction = (column - self.margin - 2) / max(1, self.columns - 1)
        return round(self.steps.value(min(1.0, max(0.0, fraction))))


def frame(chart: Chart, width: int, height: int) -> ChartFrame | None:
    """Return the frame of `chart` in `width` times `height` cells; None if that is too small for a plot."""
    if width < SMALLEST_WIDTH or height < SMALLEST_HEIGHT:
        return None
    rows = height - 2 if height >= 5 else height - 1
    chart = chart.cleaned()
    edges = [edge for band in chart.bands for edge in (band.lower, band.upper)]
    series = [*(curve.buckets for curve in chart.curves), *(map(_positive, edges) if chart.is_logarithmic else edges)]
    low = min((bucket.low for buckets in series for bucket in buckets), default=0.0)
    high = max((bucket.high for buckets in series for bucket in buckets), default=1.0)
    if chart.is_logarithmic:
        values = axes.log_axis(low, high, rows)
    elif chart.close:
        values = axes.row_axis(low, high, rows, from_zero=False)
    else:
        values = axes.row_axis(low, max(high, chart.top), rows)
    texts = axes.labels(values)
    margin = max(3, *(len(text) for text in texts)) + 1
    columns = width - margin - 2
    if columns < 4:
        return None
    steps = axes.recent_axis(chart.first, chart.last, columns) if chart.first else axes.step_axis(chart.last, columns)
    return ChartFrame(steps, values, texts, margin, columns, rows)


def draw_chart(chart: Chart, width: int, height: int, styles: Mapping[str, Style]) -> Text:
    """Return the plot as `height` lines of `width` cells, ticks included; empty if too small.

    `styles` has each pen's style, and 'band', 'axis', 'mark' and 'cursor'.
    """
    framed = frame(chart, width, height)
    if framed is None:
        return Text()
    ruler = axes.step_ruler(framed.steps, framed.margin, framed.columns, with_labels=height >= 5)
    return _framed(framed, _drawn(chart.cleaned(), framed), ruler, styles)


class Trail(NamedTuple):
    """Two values over time as points (across, up), oldest first; `top` as in a chart.

    The newest point is marked, and the one at index `cursor`.
    """

    points: Sequence[tuple[float, float]]
    top: float = 0.0
    cursor: int | None = None


def draw_trail(trail: Trail, width: int, height: int, styles: Mapping[str, Style]) -> Text:
    """Return the trail as `draw_chart` returns a chart: a dot for each point, on a faint line in their order."""
    across, up = ([point[place] for point in trail.points] for place in (0, 1))
    buckets = [Bucket(step, value, value, value, value) for step, value in enumerate(up)]
    framed = frame(Chart((Curve(buckets),), len(buckets), top=trail.top), width, height)
    if framed is None or not buckets:
        return Text()
    low, high = min(across), max(across)
    framed = framed._replace(steps=axes.value_axis(low, high, max(1, min(6, framed.columns // 9))))
    points = [(framed.steps.fraction(x), framed.values.fraction(y)) for x, y in trail.points]
    canvas = _Canvas(framed.columns, framed.rows)
    canvas.draw(canvas.signal(points, "raw", LINE_MARKER).lines(True))
    canvas.draw(canvas.signal(points, "line", LINE_MARKER))
    canvas.draw(canvas.signal(points[-1:], "points", NEWEST_MARKER))
    if trail.cursor is not None:
        canvas.draw(canvas.signal([points[trail.cursor]], "cursor", HERE_MARKER))
    texts = axes.labels(framed.steps)
    ruler = axes.ruler(framed.steps, texts, "nats", framed.margin, framed.columns, with_labels=height >= 5)
    return _framed(framed, canvas.rows(), ruler, styles)


def _framed(framed: ChartFrame, lines: Sequence[Run], ruler: str, styles: Mapping[str, Style]) -> Text:
    """Return drawn rows with the ticks of the values before them and the `ruler` below."""
    ticks = {
        round((1 - framed.values.fraction(tick)) * (framed.rows - 1)): text
        for tick, text in zip(framed.values.ticks, framed.texts, strict=True)
    }
    picture = Text(no_wrap=True, end="")
    for row, line in enumerate(lines):
        picture.append(f"{ticks.get(row, ''):>{framed.margin}} {'┤' if row in ticks else '│'}", styles["axis"])
        for pen, characters in line:
            picture.append(characters, styles.get(pen, ""))
        picture.append("\n")
    return picture.append(ruler, styles["axis"])


def _drawn(chart: Chart, framed: ChartFrame) -> list[Run]:
    """Return the drawn rows of a chart."""
    columns, steps, values = framed.columns, framed.steps, framed.values
    canvas = _Canvas(columns, framed.rows)
    for band in chart.bands:
        lower, upper = (_outline(buckets, columns, steps, values) for buckets in (band.lower, band.upper))
        if len(upper) == len(lower) > 0:
            canvas.draw(canvas.signal(upper, band.pen, _BAND).fill(canvas.signal(lower, band.pen, _BAND)))
    upright = [("mark", _MARK, step) for step in chart.marks if chart.first <= step <= steps.high]
    if chart.cursor is not None and chart.first <= chart.cursor <= steps.high:
        upright.append(("cursor", _CURSOR, chart.cursor))
    for pen, marker, step in upright:
        place = steps.fraction(step)
        canvas.draw(canvas.signal([(place, 0.0), (place, 1.0)], pen, marker).lines(True))
    for curve in chart.curves:
        if curve.buckets and curve.marker == LINE_MARKER:
            points = _thinned(curve.buckets, columns, steps, values)
            canvas.draw(canvas.signal(points, curve.pen, LINE_MARKER).lines(True))
        elif curve.buckets:
            canvas.draw(canvas.signal(_marks(curve, columns, steps, values), curve.pen, curve.marker))
    return canvas.rows()


class _Canvas:
    """A plotext figure with both axes from 0 to 1.

    Pens are palette numbers to plotext, which are replaced by the theme's styles.
    """

    def __init__(self, columns: int, rows: int) -> None:
        plotext.terminal.limit(False, False)
        self._figure: Any = plotext.figure
        self._figure.clear()
        self._figure.plot_size(columns, rows)
        self._figure.canvas("default")
        self._figure.axes(False)
        self._figure.legend(False)
        self._figure.ruler("x", "lower").lim(0.0, 1.0).ticks([])
        self._figure.ruler("y", "left").lim(0.0, 1.0).ticks([])
        self._rows = rows
        self._numbers: dict[str, int] = {}

    def draw(self, signal: Any) -> None:
        """Draw a signal over those before it."""
        self._figure.draw(signal)

    def rows(self) -> list[Run]:
        """Return the drawn rows."""
        drawn: str = self._figure.build().string()
        lines = [self._runs(line) for line in drawn.split("\n")[: self._rows]]
        return lines + [[] for _ in range(self._rows - len(lines))]

    def signal(self, points: Sequence[tuple[float, float]], pen: str, marker: str) -> Any:
        """Return `points` as a signal of plotext's, drawn with `pen`."""
        number = self._numbers.setdefault(pen, len(self._numbers) + 1)
        drawn = plotext.marker(marker, plotext.pixel(number))
        return self._figure.signal([x for x, _ in points], [y for _, y in points], marker=drawn)

    def _runs(self, line: str) -> Run:
        """Return a line of plotext's as (pen, characters), with its colour codes removed."""
        pens = {f"38;5;{number}": pen for pen, number in self._numbers.items()}
        runs, pen, position = [], "", 0
        for escape in _ESCAPE.finditer(line):
            if escape.start() > position:
                runs.append((pen, line[position : escape.start()]))
            pen, position = pens.get(escape[1], ""), escape.end()
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


def _marks(curve: Curve, columns: int, step_axis: axes.Axis, value_axis: axes.Axis) -> list[tuple[float, float]]:
    """Return single marks, one every few cells: the last value there."""
    places, moved = max(1, (columns - 1) // curve.every), curve.offset / curve.every
    last = {round(step_axis.fraction(bucket.step) * places + moved): bucket for bucket in curve.buckets}
    return [(step_axis.fraction(bucket.step), value_axis.fraction(bucket.last)) for bucket in last.values()]


def _outline(
    buckets: Sequence[Bucket], columns: int, step_axis: axes.Axis, value_axis: axes.Axis
) -> list[tuple[float, float]]:
    """Return one edge of a band at every cell column from the first to the last step, interpolated linearly."""
    if not buckets:
        return []
    width = max(1, columns - 1)
    by_column = {round(step_axis.fraction(bucket.step) * width): value_axis.fraction(bucket.last) for bucket in buckets}
    fixed_points = sorted(by_column.items())
    points = [(fixed_points[0][0] / width, fixed_points[0][1])]
    for (start, first), (end, second) in itertools.pairwise(fixed_points):
        for column in range(start + 1, end + 1):
            height = first + (second - first) * (column - start) / (end - start)
            points.append((column / width, height))
    return points
