"""Values as sentences quote them: on one line, printable and short; a share never rounded to none or all."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

NOT_FINITE = ("inf", "-inf", "nan")
"""The numbers that errors carry as text, as JSON has none of them."""

_LONGEST_NAME = 100
"""Characters of a name that are quoted."""

_LONGEST_SETTING = 200
"""Characters of a setting's value that are quoted."""

_LARGEST_WHOLE = 1e15
"""From here on, a number without a fraction is quoted as 1e+15."""

_UNITS = (("s", 1), ("min", 60), ("h", 3600))
_LARGEST_TIME = 119.5
"""From here on, a time is quoted in the next larger unit."""


def abridged(text: str, longest: int = 100) -> str:
    """Return the start of `text` on one line, with what does not print escaped."""
    start = "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text[:longest])
    return start if len(text) <= longest else f"{start}…"


def short_repr(value: object, longest: int = 60) -> str:
    """Return `value` as Python writes it, shortened.

    Values from outside can be too deep or too long for `repr`.
    """
    try:
        text = repr(value[: longest + 1] if isinstance(value, str) else value)
    except (ValueError, RecursionError):
        return "a value too large to show"
    return text if len(text) <= longest + 2 else f"{text[:longest]}…"


def quoted_name(name: str) -> str:
    """Return `name` between quotes; as Python writes it if it is long or does not print."""
    return f"'{name}'" if name.isprintable() and len(name) <= _LONGEST_NAME else short_repr(name, _LONGEST_NAME)


def quoted_setting(value: object) -> str:
    """Return `value` as a recipe writes it, shortened; 4.0 as 4."""
    if value in NOT_FINITE:
        return str(value)
    whole = int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_WHOLE else value
    try:
        text = json.dumps(whole, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return short_repr(value)
    return text if len(text) <= _LONGEST_SETTING else f"{text[:_LONGEST_SETTING]}…"


def comma_separated(names: Iterable[object]) -> str:
    """Return `names` with commas between them."""
    return ", ".join(str(name) for name in names)


def memory_size(count: float) -> str:
    """Return a number of bytes in MB, or in GB from 1 GB (10^9 bytes) on."""
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{max(1.0, count / 1e6):.0f} MB"


def about_time(seconds: float) -> str:
    """Return a time in its unit, whole: about 12 s, about 4 min."""
    unit, length = _unit_of(seconds)
    return f"about {round(seconds / length)} {unit}"


def time_range(fewest: float, most: float) -> str:
    """Return a range of seconds in one unit: 5 to 20 s, 1 to 4 min; about 12 s if both are the same there."""
    unit, length = _unit_of(most)
    low, high = round(fewest / length), round(most / length)
    return about_time(most) if low == high else f"{low} to {high} {unit}"


def _unit_of(seconds: float) -> tuple[str, int]:
    return next((unit, length) for unit, length in _UNITS if seconds < _LARGEST_TIME * length or unit == "h")


def two_digits(value: float) -> str:
    """Return a ratio or a difference with two significant digits, whole from 100 on, never with an exponent."""
    if abs(value) >= 99.5:
        return f"{value:,.0f}"
    digits = 1 - math.floor(math.log10(abs(value))) if value else 0
    text = f"{value:.{max(0, digits)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float, digits: int = 0) -> str:
    """Return a share from 0 to 1 as percent: 0% and 100% only where it is exactly that, else <1% and >99%."""
    text, step = f"{share:.{digits}%}", 10.0**-digits
    if share > 0 and text == f"{0:.{digits}%}":
        return f"<{step:.{digits}f}%"
    if share < 1 and text == f"{1:.{digits}%}":
        return f">{100 - step:.{digits}f}%"
    return text
