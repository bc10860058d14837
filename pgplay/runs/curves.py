"""Downsampled curves of a run: each metric as a few hundred buckets of neighbouring steps.

A bucket keeps the lowest and the highest value of its steps, so that no peak is lost. Rows come in as they are stored
and are reduced some thousands at a time: a million steps take about a second and no more memory than a thousand.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_SERIES = 256
"""More names than that come from nothing sensible; what comes beyond is not kept."""


class Window(NamedTuple):
    """What some steps told, as it is stored: of each its numbers, 8-byte floats for the metrics of its kind.

    `names` are the metrics of each kind; most runs have one kind of steps, or a few.
    """

    steps: Sequence[int]
    kinds: Sequence[int]
    numbers: Sequence[bytes]
    names: Mapping[int, tuple[str, ...]]

    def rows(self) -> Iterator[tuple[int, dict[str, float]]]:
        """Yield each step with its metrics."""
        unpack = {kind: struct.Struct(f"<{len(names)}d").unpack for kind, names in self.names.items()}
        for step, kind, numbers in zip(self.steps, self.kinds, self.numbers, strict=True):
            yield step, dict(zip(self.names[kind], unpack[kind](numbers), strict=True))


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


class MetricCurves(NamedTuple):
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


def curves_of(windows: Iterable[Window], last_step: int, most: int) -> MetricCurves:
    """Return the curves of steps that come in order and end at `last_step`, in at most `most` buckets each.

    A value that is not finite is left out.
    """
    span = 1
    while last_step > span * most:
        span *= 2
    curves = MetricCurves(span, {})
    for window in windows:
        _add(curves, window)
    return curves


def _add(curves: MetricCurves, window: Window) -> None:
    """Reduce some steps to buckets and append those; the first ones may go on with the buckets that are there."""
    import numpy as np

    steps = np.array(window.steps, dtype=np.int64)
    names, values = _matrix(window)
    numbers = (steps - 1) // curves.span
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
    is_told = np.isfinite(values)
    counts = np.add.reduceat(is_told.astype(np.int64), starts)
    lows = np.minimum.reduceat(np.where(is_told, values, np.inf), starts)
    highs = np.maximum.reduceat(np.where(is_told, values, -np.inf), starts)
    of_row = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(steps)))
    shares = np.where(is_told, values, 0.0) / np.maximum(counts, 1)[of_row]  # divided first: no sum overflows
    means = np.add.reduceat(shares, starts)
    ends = np.maximum.reduceat(np.where(is_told, np.arange(len(steps))[:, None], -1), starts)
    for column, name in enumerate(names):
        if name not in curves.of and len(curves.of) >= MOST_SERIES:
            continue
        found = np.flatnonzero(counts[:, column])
        if not len(found):
            continue
        at = ends[found, column]
        parts: list[NDArray[Any]] = [
            steps[at],
            lows[found, column],
            highs[found, column],
            values[at, column],
            means[found, column],
            counts[found, column],
        ]
        new = [Bucket(*fields) for fields in zip(*(part.tolist() for part in parts), strict=True)]
        buckets = curves.of.setdefault(name, [])
        if buckets and curves.number(buckets[-1]) == curves.number(new[0]):
            new[0] = merged(buckets.pop(), new[0])
        buckets += new


def _matrix(window: Window) -> tuple[list[str], NDArray[np.float64]]:
    """Return every metric of some steps, and a column for each with NaN where a step did not tell it."""
    import numpy as np

    kinds = sorted(set(window.kinds))
    if len(kinds) == 1:
        names = window.names[kinds[0]]
        return list(names), _unpacked(window.numbers, len(names))
    columns = {name: column for column, name in enumerate(dict.fromkeys(_all_names(window, kinds)))}
    values = np.full((len(window.steps), len(columns)), np.nan)
    for kind in kinds:
        places = [place for place, other in enumerate(window.kinds) if other == kind]
        packed = _unpacked([window.numbers[place] for place in places], len(window.names[kind]))
        values[np.ix_(places, [columns[name] for name in window.names[kind]])] = packed
    return list(columns), values


def _all_names(window: Window, kinds: list[int]) -> Iterator[str]:
    return itertools.chain.from_iterable(window.names[kind] for kind in kinds)


def _unpacked(numbers: Sequence[bytes], columns: int) -> NDArray[np.float64]:
    import numpy as np

    return np.frombuffer(b"".join(numbers), dtype="<f8").reshape(len(numbers), columns)
