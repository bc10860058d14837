"""Axes with round ticks: plain arithmetic that works for any values, however large or flat."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

_LARGEST = 1e300
"""Values are clamped to this, so that no difference of two overflows."""
LARGEST_LOGARITHMIC = 1e100
"""The same of a logarithmic axis, whose ends may lie as far again from its values."""

_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
_MOST_INTERVALS = 5
"""The most intervals between the ticks of a plot in rows; more would add nothing."""
_SLIGHT = 0.125
"""The part of a row by which a tick may miss it: half a dot of the four in a row, the finest that can be drawn."""


class Axis(NamedTuple):
    """A range with its ticks, all of them round numbers; a logarithmic one lies above 0."""

    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool = False

    def fraction(self, value: float) -> float:
        """Return where `value` falls, from 0 at `low` to 1 at `high`; what lies outside falls on the edge."""
        if self.logarithmic:
            low, high = math.log(self.low), math.log(self.high)
            return min(1.0, max(0.0, (math.log(value) - low) / (high - low))) if value > 0 else 0.0
        span = self.high / 2 - self.low / 2
        return min(1.0, max(0.0, (value / 2 - self.low / 2) / span))

    def value(self, fraction: float) -> float:
        """Return what falls at `fraction`, on an axis that is not logarithmic."""
        return self.low * (1 - fraction) + self.high * fraction


def round_step(span: float, parts: int) -> float:
    """Return the smallest round number of which at most `parts` cover `span`."""
    raw = span / max(1, parts)
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    return next((digit * power for digit in _ROUND if digit * power >= raw * (1 - 1e-9)), 10 * power)


def _covered(low: float, high: float, *, from_zero: bool) -> tuple[float, float]:
    """Return the range that an axis has to cover: with 0 in it, or closed in on the values, and never empty."""
    low, high = (min(_LARGEST, max(-_LARGEST, value)) for value in (low, high))
    if from_zero:
        low, high = min(0.0, low), max(0.0, high)
    # Nearer values than that would need more digits than a label has.
    least = max(1e-12, 1e-3 * max(abs(low), abs(high))) if not from_zero else 1e-12
    if high - low < least:
        return (low, low + 1.0) if from_zero else (low - least, high + least)
    return low, high


def value_axis(low: float, high: float, parts: int) -> Axis:
    """Return the axis for values between `low` and `high` and 0, with at most about `parts` intervals."""
    low, high = _covered(low, high, from_zero=True)
    step = round_step(high - low, parts)
    # The range ends at a tick or halfway between two, so that no more than half a step of room is wasted.
    first, last = math.floor(2 * (low / step) + 1e-9), math.ceil(2 * (high / step) - 1e-9)
    numbers = range(math.ceil(first / 2) * 2, last + 1, 2)
    ticks = tuple(number * step / 2 for number in (numbers if len(numbers) > 1 else range(first, last + 1)))
    return Axis(first * step / 2, last * step / 2, ticks)


def row_axis(low: float, high: float, rows: int, *, from_zero: bool = True) -> Axis:
    """Return the axis for values between `low` and `high` in a plot of `rows` rows, at least 3: ticks are on rows.

    0 is always on it, unless `from_zero` is False: then it closes in on the values.
    """
    ruled = _ruled(*_covered(low, high, from_zero=from_zero), rows, lambda least: round_step(least, 1))
    return Axis(ruled.low, ruled.high, ruled.ticks)


def log_axis(low: float, high: float, rows: int) -> Axis:
    """Return `row_axis` on a logarithmic scale, for values above 0: ticks are 10^n, within two decades also 2 and 5."""
    low, high = (min(LARGEST_LOGARITHMIC, max(1 / LARGEST_LOGARITHMIC, value)) for value in (low, high))
    bottom, top = math.log10(low), math.log10(high)
    if math.ceil(top - 1e-9) - math.floor(bottom + 1e-9) >= 2:
        ruled = _ruled(bottom, top, rows, lambda least: float(math.ceil(least - 1e-9)))
        return Axis(10**ruled.low, 10**ruled.high, tuple(10**tick for tick in ruled.ticks), logarithmic=True)
    powers = range(math.floor(bottom) - 1, math.ceil(top) + 2)
    between = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
    start = max(tick for tick in between if tick <= low * (1 + 1e-9))
    end = min(tick for tick in between if tick >= high * (1 - 1e-9) and tick > start)
    axis = Axis(start, end, (), logarithmic=True)
    places = {tick: axis.fraction(tick) * (rows - 1) for tick in between if start <= tick <= end}
    return axis._replace(ticks=tuple(tick for tick, place in places.items() if abs(place - round(place)) <= _SLIGHT))


def _ruled(low: float, high: float, rows: int, rounded: Callable[[float], float]) -> Axis:
    """Return the axis that covers `low` to `high` with ticks every few rows, wasting little room and with many ticks.

    `rounded` returns the smallest step between ticks that is at least its argument.
    """
    gaps = rows - 1
    best: tuple[float, Axis] | None = None
    for apart in range(max(min(2, gaps - 1), math.ceil(gaps / _MOST_INTERVALS)), gaps + 1):
        step = rounded((high - low) * apart / gaps)
        while (first := math.floor(low * apart / step + 1e-9)) + gaps < high * apart / step - 1e-9:
            step = rounded(step * 1.01)
        unit = step / apart
        ticks = tuple(row // apart * step for row in range(first, first + gaps + 1) if row % apart == 0)
        if len(ticks) > 1:
            cost = unit * (1 + 1 / (len(ticks) - 1))  # to have two intervals and not one is worth a third of the room
            if best is None or cost < best[0]:
                best = cost, Axis(first * unit, (first + gaps) * unit, ticks)
    assert best is not None, "rows two apart always hold two ticks"
    return best[1]


def _whole_step(span: float, parts: int) -> float:
    """Return `round_step` for steps of a run, which are whole numbers."""
    step = max(1.0, round_step(span, parts))
    return step if step == int(step) else 2 * step


def recent_axis(first_step: int, last_step: int, columns: int) -> Axis:
    """Return the axis of the steps from `first_step` to `last_step` and no others; its ticks are round."""
    first, last = first_step, max(last_step, first_step + 1)
    step = _whole_step(last - first, max(1, min(8, columns // (len(f"{last}") + 5))))
    ticks = tuple(number * step for number in range(math.ceil(first / step), math.floor(last / step) + 1))
    return Axis(float(first), float(last), ticks)


def step_axis(last_step: int, columns: int) -> Axis:
    """Return the axis of steps, from 0 to a round number at or after `last_step`, which seldom changes."""
    last = max(20, last_step)
    power = 10.0 ** math.floor(math.log10(last))
    high = next(
        digit * power for digit in (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10, 12) if digit * power >= last * (1 - 1e-9)
    )
    labels = max(1, min(8, columns // (len(step_label(high)) + 5)))
    step = min(high, _whole_step(high, labels))
    return Axis(0.0, high, tuple(number * step for number in range(int(high / step + 1e-9) + 1)))


def step_ruler(axis: Axis, margin: int, columns: int, *, with_labels: bool = True) -> str:
    """Return the line under a plot of `columns` cells that begins after `margin` + 2 cells, and the ticks' labels.

    The unit precedes the labels if there is room.
    """
    return ruler(axis, [step_label(tick) for tick in axis.ticks], "step", margin, columns, with_labels=with_labels)


def ruler(axis: Axis, texts: Sequence[str], unit: str, margin: int, columns: int, *, with_labels: bool = True) -> str:
    """Return the line of `step_ruler` for an axis of any `unit`, with a text for each of its ticks."""
    places = {round(axis.fraction(tick) * (columns - 1)): text for tick, text in zip(axis.ticks, texts, strict=True)}
    line = " " * (margin + 1) + "╰" + "".join("┴" if column in places else "─" for column in range(columns))
    if not with_labels:
        return line
    cells = [" "] * (margin + 2 + columns)
    for column, text in places.items():
        start = min(margin + 2 + column - len(text) // 2, len(cells) - len(text))
        if all(cell == " " for cell in cells[max(0, start - 1) : start + len(text)]):
            cells[start : start + len(text)] = text
    if margin >= len(unit) and all(cell == " " for cell in cells[: margin + 1]):
        cells[margin - len(unit) : margin] = unit
    return line + "\n" + "".join(cells)


def step_label(step: float) -> str:
    """Return a step's text, never rounded: 80, 12.5k, 123450."""
    return f"{step / 1000:g}k" if step >= 10_000 and step % 100 == 0 else f"{step:.0f}"


def labels(axis: Axis) -> list[str]:
    """Return the texts of an axis of values: as short as they can be without being rounded, and all of one form."""
    values = axis.ticks
    if axis.logarithmic:
        return [_scientific(value) if not 1e-3 <= value < 1e4 else f"{value:g}" for value in values]
    largest = max(map(abs, values), default=0.0)
    if largest and not 1e-3 <= largest < 1e7:
        return [_scientific(value) for value in values]
    unit, sign = (1e6, "M") if largest >= 1e6 else (1e3, "k") if largest >= 1e4 else (1.0, "")
    gap = min((after - before for before, after in itertools.pairwise(values)), default=1.0) / unit
    scaled = [value / unit for value in values]
    digits = next((d for d in range(7) if all(abs(round(value, d) - value) < gap / 1000 for value in scaled)), 7)
    return [f"{value:.{digits}f}{sign}" if value or not sign else "0" for value in scaled]


def _scientific(value: float) -> str:
    """Return a number such as 2.5e-4 in as few digits as it needs."""
    if value == 0:
        return "0"
    text = next((text for d in range(6) if abs(float(text := f"{value:.{d}e}") / value - 1) < 1e-6), f"{value:.6e}")
    digits, _, power = text.partition("e")
    return f"{digits}e{int(power)}"
