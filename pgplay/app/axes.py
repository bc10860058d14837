"""Round ticks and where values fall on an axis: plain arithmetic that no value, however large or flat, can break."""

from __future__ import annotations

import math
from typing import NamedTuple

LARGEST = 1e300
"""Values are held within this, so that no difference of two of them overflows."""

_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


class Axis(NamedTuple):
    """A range with its ticks, all of them round numbers."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def fraction(self, value: float) -> float:
        """Return where `value` falls, from 0 at `low` to 1 at `high`; what lies outside falls on the edge."""
        span = self.high / 2 - self.low / 2
        return min(1.0, max(0.0, (value / 2 - self.low / 2) / span))


def round_step(span: float, parts: int) -> float:
    """Return the smallest round number of which at most `parts` cover `span`."""
    raw = span / max(1, parts)
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    return next((digit * power for digit in _ROUND if digit * power >= raw * (1 - 1e-9)), 10 * power)


def value_axis(low: float, high: float, parts: int) -> Axis:
    """Return the axis for values between `low` and `high`, with at most about `parts` intervals; 0 is always on it."""
    low, high = max(-LARGEST, min(0.0, low)), min(LARGEST, max(0.0, high))
    if high - low < 1e-12:
        high = low + 1.0
    step = round_step(high - low, parts)
    # The range ends at a tick or halfway between two, so that no more than half a step of room is wasted.
    first, last = math.floor(2 * (low / step) + 1e-9), math.ceil(2 * (high / step) - 1e-9)
    numbers = range(math.ceil(first / 2) * 2, last + 1, 2)
    ticks = tuple(number * step / 2 for number in (numbers if len(numbers) > 1 else range(first, last + 1)))
    return Axis(first * step / 2, last * step / 2, ticks)


def step_axis(last_step: int, columns: int) -> Axis:
    """Return the axis of steps, from 0 to a round number at or after `last_step`, which seldom changes."""
    last = max(20, last_step)
    power = 10.0 ** math.floor(math.log10(last))
    high = next(
        digit * power for digit in (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10, 12) if digit * power >= last * (1 - 1e-9)
    )
    labels = max(1, min(8, columns // (len(label(high)) + 5)))
    step = min(high, max(1.0, round_step(high, labels)))
    return Axis(0.0, high, tuple(number * step for number in range(int(high / step + 1e-9) + 1)))


def label(value: float) -> str:
    """Return a tick's text in as few characters as it needs."""
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e4:
        return f"{value:.4g}"
    if 1e4 <= abs(value) < 1e7:
        return f"{value / 1e3:.4g}k" if abs(value) < 1e6 else f"{value / 1e6:.4g}M"
    return f"{value:.0e}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")


def labels(values: tuple[float, ...]) -> list[str]:
    """Return the ticks' texts, with equally many digits after the point where they are small numbers."""
    texts = [label(value) for value in values]
    if any("e" in text or "k" in text or "M" in text for text in texts):
        return texts
    digits = max((len(text.partition(".")[2]) for text in texts), default=0)
    return [f"{value:.{digits}f}" for value in values]
