"""A run's curves as figures: plain shapes that `svg` writes as text and `png` as pixels, so both show the same.

Only what a page needs: one plot under the other, round ticks, a band for the range of the reward, and a line where
something was changed. Left out on purpose: legends to click and zooming, which the app has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from pgplay.export import axes
from pgplay.learning.reports.metrics import DIVERGENCE, METRICS, REWARD_METRIC, TRADE, USUAL_METRICS, title_of
from pgplay.runs.curves import Bucket, MetricCurves

if TYPE_CHECKING:
    from pgplay.runs.reader import RunEvent

Point = tuple[float, float]

WIDTH, HEIGHT = 760, 260
"""The size of one plot, in pixels."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 44, 34
_FONT, _SMALL = 14, 11


INK, MUTED, GRID, PAPER = "#252a31", "#656c76", "#e3dfd5", "#fffdf8"
LINE_COLOUR, BAND_COLOUR, GREEDY_COLOUR, CHANGE_COLOUR = "#0b7a75", "#cfe5e2", "#b06f00", "#a8437e"

CHANGES = ("change", "branch", "resume")
"""The kinds of events that plots mark."""

MOST_BUCKETS = 2048
"""Maximum buckets of a drawn curve: three per column of pixels."""


class Polyline(NamedTuple):
    """A line through points."""

    points: Sequence[Point]
    colour: str
    width: float = 1.0
    dashed: bool = False


class Polygon(NamedTuple):
    """A filled area."""

    points: Sequence[Point]
    colour: str


class Caption(NamedTuple):
    """A line of text; `anchor` says whether its start, middle or end is at `place`."""

    place: Point
    text: str
    size: int = _SMALL
    anchor: str = "start"
    colour: str = MUTED
    bold: bool = False


Shape = Polyline | Polygon | Caption


class Figure(NamedTuple):
    """Shapes on a page, whose size is in pixels; those behind come first."""

    width: int
    height: int
    shapes: tuple[Shape, ...]


class ChangedStep(NamedTuple):
    """A step after which something changed, with a description."""

    step: int
    words: str


def figure_of(curves: MetricCurves, metrics: Sequence[str], changes: Sequence[ChangedStep] = ()) -> Figure:
    """Return one plot per metric, one below the other; a plot without values says so."""
    shapes: list[Shape] = [Polygon(box(0, 0, WIDTH, HEIGHT * max(1, len(metrics))), PAPER)]
    for place, metric in enumerate(metrics):
        top = place * HEIGHT
        shapes += _trade(curves, top) if metric == TRADE else _plot(curves, metric, changes, top)
    return Figure(WIDTH, HEIGHT * max(1, len(metrics)), tuple(shapes))


def metrics_of(curves: MetricCurves) -> list[str]:
    """Return every metric with a curve: the usual ones first, then in order of definition.

    If the divergence from the reference was measured, reward over KL comes after the usual ones.
    """
    names = dict.fromkeys(curves.of)
    if DIVERGENCE in names:
        names[TRADE] = None
    usual_first = [name for name in (*USUAL_METRICS, TRADE, *METRICS) if name in names]
    return list(dict.fromkeys([*usual_first, *names]))


class Frame(NamedTuple):
    """The axes of a plot whose upper edge is at `top`."""

    across: axes.Axis
    values: axes.Axis
    top: float

    def at(self, across: float, value: float) -> Point:
        """Return the place of a value on the page."""
        x = _LEFT + self.across.fraction(across) * (WIDTH - _LEFT - _RIGHT)
        y = self.top + _TOP + (1 - self.values.fraction(value)) * (HEIGHT - _TOP - _BOTTOM)
        return round(x, 2), round(y, 2)


def _plot(curves: MetricCurves, metric: str, changes: Sequence[ChangedStep], top: int) -> list[Shape]:
    shapes = _head(metric, top)
    series = {name: _points(curves.of.get(name, ())) for name in _drawn_for(metric)}
    values = [value for points in series.values() for _, value in points]
    if not values:
        return [*shapes, _no_number(top)]
    frame = Frame(
        axes.step_axis(max(curves.of[name][-1].step for name in series if name in curves.of), 80),
        axes.value_axis(min(values), max(values), 4),
        top,
    )
    shapes += _frame_shapes(frame, [axes.step_label(step) for step in frame.across.ticks], "step")
    if metric == REWARD_METRIC:
        shapes += _band(frame, series["reward_min"], series["reward_max"])
    for change in changes:
        low, high = frame.values.low, frame.values.high
        shapes.append(Polyline([frame.at(change.step, low), frame.at(change.step, high)], CHANGE_COLOUR, dashed=True))
    if series[metric]:
        shapes.append(Polyline(_thinned(frame, series[metric]), LINE_COLOUR, 1.6))
    if metric == REWARD_METRIC:
        if series["greedy_reward"]:
            shapes.append(Polyline(_thinned(frame, series["greedy_reward"]), GREEDY_COLOUR, 1.2))
        legend = "mean, lowest to highest shaded, greedy completion in orange"
        shapes.append(Caption((WIDTH - _RIGHT, top + 37), legend, anchor="end"))
    return shapes


def framed(metric: str, steps: axes.Axis, values: axes.Axis) -> tuple[Frame, list[Shape]]:
    """Return the frame of a plot of `metric` at the top of a page, and the shapes of its title, grid and axes."""
    frame = Frame(steps, values, 0)
    return frame, [*_head(metric, 0), *_frame_shapes(frame, [axes.step_label(step) for step in steps.ticks], "step")]


def _points(buckets: Sequence[Bucket]) -> list[Point]:
    """Return the lowest and the highest value of each bucket, in order."""
    return [(bucket.step, value) for bucket in buckets for value in dict.fromkeys((bucket.low, bucket.high))]


def _no_number(top: int) -> Caption:
    return Caption((WIDTH / 2, top + HEIGHT / 2), "no values", anchor="middle")


def _drawn_for(metric: str) -> tuple[str, ...]:
    return (metric, "reward_min", "reward_max", "greedy_reward") if metric == REWARD_METRIC else (metric,)


def _trade(curves: MetricCurves, top: int) -> list[Shape]:
    """Return the plot of reward over KL: one point per bucket, joined in order."""
    reward_at = {curves.number(bucket): bucket.mean for bucket in curves.of.get(REWARD_METRIC, ())}
    buckets = [bucket for bucket in curves.of.get(DIVERGENCE, ()) if curves.number(bucket) in reward_at]
    if not buckets:
        return [*_head(TRADE, top), _no_number(top)]
    points = [(bucket.mean, reward_at[curves.number(bucket)]) for bucket in buckets]
    divergences, rewards = zip(*points, strict=True)
    across = axes.value_axis(min(divergences), max(divergences), 6)
    frame = Frame(across, axes.value_axis(min(rewards), max(rewards), 4), top)
    places = [frame.at(*point) for point in points]
    shapes = [*_head(TRADE, top), *_frame_shapes(frame, axes.labels(across), "KL, nats per token")]
    shapes.append(Polyline(places, BAND_COLOUR))
    shapes += [dot(place, 2, LINE_COLOUR) for place in dict.fromkeys(places)]
    return [*shapes, dot(places[-1], 5, GREEDY_COLOUR)]


def _head(metric: str, top: int) -> list[Shape]:
    title, description = title_of(metric)
    shapes: list[Shape] = [Caption((_LEFT, top + 22), title, _FONT, colour=INK, bold=True)]
    if description:
        shapes.append(Caption((WIDTH - _RIGHT, top + 22), description[:90], anchor="end"))
    return shapes


def _frame_shapes(frame: Frame, texts: Sequence[str], unit: str) -> list[Shape]:
    """Return grid and axes; `texts` label the ticks of the horizontal axis, `unit` its quantity."""
    shapes: list[Shape] = []
    for value, text in zip(frame.values.ticks, axes.labels(frame.values), strict=True):
        left, right = frame.at(frame.across.low, value), frame.at(frame.across.high, value)
        shapes += [Polyline([left, right], GRID), Caption((left[0] - 8, left[1] + 4), text, anchor="end")]
    for tick, text in zip(frame.across.ticks, texts, strict=True):
        x, y = frame.at(tick, frame.values.low)
        shapes += [Polyline([(x, y), (x, y + 4)], MUTED), Caption((x, y + 18), text, anchor="middle")]
    left, right = frame.at(frame.across.low, frame.values.low), frame.at(frame.across.high, frame.values.low)
    return [*shapes, Polyline([left, right], MUTED), Caption((right[0], right[1] + 31), unit, anchor="end")]


def _band(frame: Frame, low: Sequence[Point], high: Sequence[Point]) -> list[Shape]:
    lower = [max(places, key=_height) for places in _by_column(frame, low)]
    upper = [min(places, key=_height) for places in _by_column(frame, high)]
    return [Polygon([*upper, *lower[::-1]], BAND_COLOUR)] if lower and upper else []


def _thinned(frame: Frame, points: Sequence[Point]) -> list[Point]:
    """Return points on the page; of those that share a column of pixels, the lowest and the highest."""
    result: list[Point] = []
    for places in _by_column(frame, points):
        result += places if len(places) <= 2 else [min(places, key=_height), max(places, key=_height)]
    return result


def _by_column(frame: Frame, points: Sequence[Point]) -> list[list[Point]]:
    columns: dict[int, list[Point]] = {}
    for step, value in points:
        place = frame.at(step, value)
        columns.setdefault(int(place[0]), []).append(place)
    return list(columns.values())


def _height(place: Point) -> float:
    return place[1]


def dot(place: Point, radius: float, colour: str) -> Polygon:
    """Return a small square on its corner."""
    x, y = place
    return Polygon([(x - radius, y), (x, y - radius), (x + radius, y), (x, y + radius)], colour)


def box(x: float, y: float, width: float, height: float) -> list[Point]:
    """Return the corners of a rectangle."""
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def changes_of(events: Sequence[RunEvent]) -> list[ChangedStep]:
    """Return the events of a run that concern its learning."""
    return [
        ChangedStep(event.step, f"{event.kind} {event.words}".strip()) for event in events if event.kind in CHANGES
    ]
