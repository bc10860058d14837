"""An experiment as a figure: one line per recipe with a dot per seed, the median or mean, and its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from pgplay.experiments.statistics.estimates import Interval
from pgplay.experiments.summary import RecipeResult, Summary
from pgplay.experiments.verdicts import verdict_of
from pgplay.export import axes
from pgplay.export.figure import (
    BAND_COLOUR,
    GRID,
    INK,
    LINE_COLOUR,
    MUTED,
    PAPER,
    WIDTH,
    Caption,
    Figure,
    Point,
    Polygon,
    Polyline,
    Shape,
    box,
    dot,
)
from pgplay.locale.catalog import text_of

_LEFT, _RIGHT, _TOP, _BOTTOM = 260, 24, 44, 56
_ROW, _LINE = 30, 18
_LONGEST_LABEL, _LONGEST_LINE = 36, 124


class ResultLine(NamedTuple):
    """What a recipe's line shows: each seed's value, those of unsolved runs apart, and the estimate."""

    dots: tuple[float, ...]
    unsolved: tuple[float, ...]
    middle: float | None
    interval: Interval | None


def summary_figure(summary: Summary) -> Figure:
    """Return the figure of `summary`, the best recipe at the top, its verdicts below the axis.

    An unsolved run is an arrow where it ended; an interval with an open end goes to the edge.
    """
    ranked = summary.ranked()
    lines = [line_of(summary, result) for result in ranked]
    across = axis_of(lines, 6)
    bottom = _TOP + _ROW * len(ranked)
    height = bottom + _BOTTOM + _LINE * (len(summary.comparisons) + 1)
    unit = text_of("figure.completions")
    if summary.yardstick.kind == "metric":
        unit = text_of("figure.at_end", {"metric": summary.yardstick.name})
    shapes: list[Shape] = [
        Polygon(box(0, 0, WIDTH, height), PAPER),
        Caption((WIDTH - _RIGHT, 26), _legend(summary), anchor="end"),
        Caption(((_LEFT + WIDTH - _RIGHT) / 2, bottom + 38), unit, 13, anchor="middle", colour=INK),
    ]
    for tick, label in zip(across.ticks, axes.labels(across), strict=True):
        x = _x(across, tick)
        shapes += [Polyline([(x, _TOP), (x, bottom)], GRID), Caption((x, bottom + 18), label, anchor="middle")]
    for place, (result, line) in enumerate(zip(ranked, lines, strict=True)):
        y = _TOP + _ROW * (place + 0.5)
        shapes.append(Caption((_LEFT - 10, y + 4), _cut(result.entry.label, _LONGEST_LABEL), anchor="end", colour=INK))
        shapes += _drawn(line, across, y)
    for place, comparison in enumerate(summary.comparisons):
        text = _cut(text_of(*verdict_of(summary, comparison)), _LONGEST_LINE)
        shapes.append(Caption((_RIGHT, bottom + _BOTTOM + _LINE * (place + 1)), text))
    return Figure(WIDTH, height, tuple(shapes))


def _legend(summary: Summary) -> str:
    code = "figure.legend.times" if summary.yardstick.kind == "completions" else "figure.legend.values"
    return text_of(code, {"confidence": f"{100 * summary.confidence:.3g}%"})


def axis_of(lines: Sequence[ResultLine], parts: int) -> axes.Axis:
    """Return the axis for all values of `lines`, with at most about `parts` intervals."""
    values = [value for line in lines for value in (*line.dots, *line.unsolved, *_finite(line.interval))]
    return axes.value_axis(min(values, default=0.0), max(values, default=1.0), parts)


def line_of(summary: Summary, result: RecipeResult) -> ResultLine:
    """Return the line of `result`, one of those of `summary`."""
    if summary.yardstick.kind == "completions":
        times = [trial.time for trial in result.ended]
        return ResultLine(
            tuple(time.completions for time in times if time.solved),
            tuple(time.completions for time in times if not time.solved),
            *result.time,
        )
    assert result.measured is not None
    measured = result.measured
    return ResultLine(tuple(measured.values.values()), (), measured.mean, measured.interval)


def _drawn(line: ResultLine, across: axes.Axis, y: float) -> list[Shape]:
    shapes: list[Shape] = []
    if line.interval is not None:
        low, high = _x(across, line.interval.low), _x(across, line.interval.high)
        shapes.append(Polygon(box(low, y - 6, max(1.0, high - low), 12), BAND_COLOUR))
    shapes += [dot((_x(across, value), y), 3, MUTED) for value in line.dots]
    shapes += [Polygon(_arrow(_x(across, value), y), MUTED) for value in line.unsolved]
    if line.middle is not None:
        x = _x(across, line.middle)
        shapes.append(Polyline([(x, y - 9), (x, y + 9)], LINE_COLOUR, 2.5))
    return shapes


def _x(across: axes.Axis, value: float) -> float:
    share = 1.0 if math.isinf(value) else across.fraction(value)
    return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 2)


def _arrow(x: float, y: float) -> list[Point]:
    return [(x, y - 4), (x + 7, y), (x, y + 4)]


def _finite(interval: Interval | None) -> Sequence[float]:
    return [] if interval is None else [end for end in interval if math.isfinite(end)]


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
