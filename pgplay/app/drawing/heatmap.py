"""Maps of probabilities: one cell each, fuller for a higher probability, by sign as well as by colour."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from rich.style import Style
from rich.text import Text

from pgplay.app.drawing.terminal_text import pad_left
from pgplay.app.state.metric_history import Traces
from pgplay.export import axes
from pgplay.learning.reports.step_report import Trace

SHADES = ((0.02, " ", "faint"), (0.1, "·", "faint"), (0.3, "░", "low"), (0.6, "▒", "low"), (0.9, "▓", "high"))
"""Upper limits of probability with sign and style; above the last a cell is full."""
FULL = ("█", "high")

VISIBLE = SHADES[0][0]
"""A smaller probability leaves its cell empty."""

SHADE_LEGEND = "· <0.1  ░ <0.3  ▒ <0.6  ▓ <0.9  █"


def shade(probability: float | None) -> tuple[str, str]:
    """Return a cell's sign and the name of its style; empty for None."""
    if probability is None:
        return " ", "faint"
    return next(((sign, style) for limit, sign, style in SHADES if probability < limit), FULL)


class Labelled(NamedTuple):
    """One row of a map: its label, and a value or None for each column."""

    label: str
    values: Sequence[float | None]


def draw_map(rows: Sequence[Labelled], styles: Mapping[str, Style], margin: int, *, cells: Sequence[int] = ()) -> Text:
    """Return a line for each row: the label, right-aligned in `margin` cells, then `cells` (or 1) for each column."""
    picture = Text(no_wrap=True, end="")
    for number, row in enumerate(rows):
        if number:
            picture.append("\n")
        picture.append(f"{pad_left(row.label, margin)} │", styles["axis"])
        columns = zip(map(shade, row.values), cells or itertools.repeat(1), strict=False)
        for (sign, style), run in itertools.groupby(columns, itemgetter(0)):  # a span for each cell would be slow
            picture.append(sign * sum(cell for _, cell in run), styles[style])
    return picture


def over_steps(traces: Traces, first: int, last: int, columns: int) -> tuple[axes.Axis, list[Trace | None]]:
    """Return the axis of steps over `columns` cells, and the trace of each cell."""
    axis = axes.recent_axis(first, last, columns) if first else axes.step_axis(last, columns)
    return axis, traces.at([axis.value((column + 0.5) / columns) for column in range(columns)])


def histogram_rows(traces: Sequence[Trace | None], rows: int) -> list[Labelled]:
    """Return the share of completions in each of at most `rows` parts of the rewards' range, the highest on top.

    A label is the lower edge of its part. A step's bins are shared among the parts that they overlap.
    """
    present = [trace for trace in traces if trace is not None]
    low = min((trace.low for trace in present), default=0.0)
    high = max((trace.high for trace in present), default=1.0)
    parts = max(1, min(rows, *(len(trace.rewards) for trace in present))) if present else 1
    columns = [None if trace is None else _rebinned(trace, low, high, parts) for trace in traces]
    edges = [low + (high - low) * number / parts for number in range(parts)]
    return [
        Labelled(f"{edges[part]:.2f}", [None if column is None else column[part] for column in columns])
        for part in reversed(range(parts))
    ]


def _rebinned(trace: Trace, low: float, high: float, parts: int) -> list[float]:
    total, bins = max(1, sum(trace.rewards)), len(trace.rewards)
    width = (high - low) / parts
    shares = [0.0] * parts
    for number, count in enumerate(trace.rewards):
        start, end = (
            (trace.low + (trace.high - trace.low) * edge / bins - low) / width for edge in (number, number + 1)
        )
        for part in range(max(0, int(start)), min(parts, int(end) + 1)):
            overlap = min(end, part + 1) - max(start, part)
            if overlap > 0:
                shares[part] += count / total * overlap / (end - start)
    return shares


def target_rows(traces: Sequence[Trace | None], labels: Sequence[str], first: int, count: int) -> list[Labelled]:
    """Return `count` positions of the target from `first` on: the probability of its token in each column."""
    return [
        Labelled(
            labels[position],
            [
                trace.target[position] if trace is not None and position < len(trace.target) else None
                for trace in traces
            ],
        )
        for position in range(first, min(len(labels), first + count))
    ]
