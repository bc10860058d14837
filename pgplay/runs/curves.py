"""The curves of a run of any length, thinned: each metric as some hundred buckets of neighbouring steps.

A bucket keeps the lowest and the highest value of its steps, so that no peak is lost. Rows come in as they are stored
and are reduced some thousands at a time: a million steps take about a second and no more memory than a thousand.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_SERIES = 256
"""More names than that come from nothing sensible; what comes beyond is not kept."""

_WINDOW = 4096  # rows


class PackedRow(NamedTuple):
    """What a step told, as it is stored: the metrics' names, and their values as 8-byte floats after one another."""

    step: int
    names: tuple[str, ...]
    numbers: bytes

    def unpacked(self) -> tuple[int, dict[str, float]]:
        """Return the step and its metrics."""
        numbers = struct.unpack(f"<{len(self.names)}d", self.numbers)
        return self.step, dict(zip(self.names, numbers, strict=True))


class Bucket(msgspec.Struct, frozen=True, gc=False):
    """Some neighbouring steps: where they end, the lowest, highest and last value, their mean, how many they are.

    There are tens of thousands of them; as tuples they made the garbage collector stop the keys for 50 ms at a time.
    """

    step: int
    low: float
    high: float
    last: float
    mean: float
    steps: int = 1


class Curves(NamedTuple):
    """Each metric's buckets in order; bucket number N holds the steps after N × `span` up to (N + 1) × `span`."""

    span: int
    of: dict[str, list[Bucket]]

    def number(self, bucket: Bucket) -> int:
        """Return the number of a bucket: those of different metrics that have the same one are of the same steps."""
        return (bucket.step - 1) // self.span


def merged(one: Bucket, other: Bucket) -> Bucket:
    """Return two neighbouring buckets as one."""
    steps = one.steps + other.steps
    # Weighed so that no product overflows, however large the values.
    mean = one.mean * (one.steps / steps) + other.mean * (other.steps / steps)
    return Bucket(other.step, min(one.low, other.low), max(one.high, other.high), other.last, mean, steps)


def curves_of(rows: Iterable[PackedRow], last_step: int, most: int) -> Curves:
    """Return the curves of `rows`, which are in order and end at `last_step`, in at most `most` buckets each.

    A value that is not finite is left out.
    """
    span = 1
    while last_step > span * most:
        span *= 2
    curves = Curves(span, {})
    rows = iter(rows)
    while window := list(itertools.islice(rows, _WINDOW)):
        _add(curves, window)
    return curves


def _add(curves: Curves, window: list[PackedRow]) -> None:
    """Reduce some rows to buckets and append those; the first ones may go on with the buckets that are there."""
    import numpy as np

    steps = np.array([row.step for row in window], dtype=np.int64)
    names, values = _matrix(window)
    numbers = (steps - 1) // curves.span
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
    is_told = np.isfinite(values)
    counts = np.add.reduceat(is_told.astype(np.int64), starts)
    lows = np.minimum.reduceat(np.where(is_told, values, np.inf), starts)
    highs = np.maximum.reduceat(np.where(is_told, values, -np.inf), starts)
    of_row = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(window)))
    shares = np.where(is_told, values, 0.0) / np.maximum(counts, 1)[of_row]  # divided first: no sum overflows
    means = np.add.reduceat(shares, starts)
    ends = np.maximum.reduceat(np.where(is_told, np.arange(len(window))[:, None], -1), starts)
    for column, name in enumerate(names):
        if name not in curves.of and len(curves.of) >= MOST_SERIES:
            continue
        found = np.flatnonzero(counts[:, column])
        if not len(found):
            continue
        at = ends[found, column]
        parts: list[NDArray[Any]] = [
            steps[at], lows[found, column], highs[found, column], values[at, column], means[found, column],
            counts[found, column],
        ]
        new = [Bucket(*fields) for fields in zip(*(part.tolist() for part in parts), strict=True)]
        buckets = curves.of.setdefault(name, [])
        if buckets and curves.number(buckets[-1]) == curves.number(new[0]):
            new[0] = merged(buckets.pop(), new[0])
        buckets += new


def _matrix(window: list[PackedRow]) -> tuple[list[str], NDArray[np.float64]]:
    """Return every metric of some rows, and a column for each with NaN where a row did not tell it."""
    import numpy as np

    by_names: dict[tuple[str, ...], list[int]] = {}
    for place, row in enumerate(window):
        by_names.setdefault(row.names, []).append(place)
    columns = {name: column for column, name in enumerate(dict.fromkeys(itertools.chain(*by_names)))}
    values = np.full((len(window), len(columns)), np.nan)
    for names, places in by_names.items():
        packed = np.frombuffer(b"".join(window[place].numbers for place in places), dtype="<f8")
        values[np.ix_(places, [columns[name] for name in names])] = packed.reshape(len(places), len(names))
    return list(columns), values
