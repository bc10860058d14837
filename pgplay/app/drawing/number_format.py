"""Numbers as the screen writes them: short, with a unit, and of a width that does not jump while they change."""

from __future__ import annotations

import math

from pgplay.locale.quoting import percent


def count(number: float) -> str:
    """Return a count in at most four characters: 640, 9.2k, 107k, 1.3M."""
    for limit, divisor, unit in ((1e3, 1, ""), (1e6, 1e3, "k"), (1e9, 1e6, "M")):
        if number < limit * 0.9995:
            value = number / divisor
            return f"{value:.1f}{unit}" if unit and value < 9.95 else f"{value:.0f}{unit}"
    return f"{number / 1e9:.1f}G"


def duration(seconds: float) -> str:
    """Return a duration: 2.1 s, 48 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 119.5:
        return f"{seconds:.0f} s"
    minutes, remainder = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {remainder:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def reward(value: float) -> str:
    """Return a reward in six characters, two digits after the point wherever they fit."""
    if not math.isfinite(value):
        return f"{value!s:>6}"
    return f"{value:6.2f}" if abs(value) < 999.995 else f"{value:6.0g}"


def share(part: float) -> str:
    """Return a share as percent, four characters wide."""
    return f"{percent(part):>4}"


def number(value: float) -> str:
    """Return a setting or a metric, rounded to four digits if it has more than six: 0.005, 64, 1e-05."""
    return f"{value:g}" if float(f"{value:g}") == value else f"{value:.4g}"
