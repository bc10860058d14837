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

from pgplay.runs.reader import StoredScorer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_SERIES = 256
"""The most metrics that a run's curves hold; further names are ignored."""


class Window(NamedTuple):
    """The metrics of some steps as they are stored: per step the 8-byte floats of the metrics of its kind.

    `names` holds the metrics of each kind; most runs have one kind of step, or a few. `scorers` has the reward of each
    step, None where it is unknown.
    """

    steps: Sequence[int]
    kinds: Sequence[int]
    numbers: Sequence[bytes]
    names: Mapping[int, tuple[str, ...]]
    scorers: Sequence[StoredScorer | None] = ()

    def rows(self) -> Iterator[tuple[int, dict[str, float]]]:
        """Yield each step with its metrics."""
        unpack = {kind: struct.Struct(f"<{len(names)}d").unpack for kind, names in self.names.items()}
        for step, kind, numbers in zip(self.steps, self.kinds, self.numbers, strict=True):
            yield step, dict(zip(self.names[kind], unpack[kind](numbers), strict=True))


class Bucket(msgspec.Struct, frozen=True, gc=False):
    """A metric over neighbouring steps: the last step, lowest, highest and last value, mean, number of steps.

    A struct without garbage collection: a screen holds tens of thousands, and collecting them delays key presses.
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
        """Return the number of a bucket; buckets of different metrics with one number hold the same steps."""
        return (bucket.step - 1) // self.span


def merged(first: Bucket, second: Bucket) -> Bucket:
    """Return the union of two neighbouring buckets."""
    steps = first.steps + second.steps
    # Weighed so that no product overflows, however large the values.
    mean = first.mean * (first.steps / steps) + second.mean * (second.steps / steps)
    return Bucket(second.step, min(first.low, second.low), max(first.high, second.high), second.last, mean, steps)


def curves_of(windows: Iterable[Window], last_step: int, most: int) -> MetricCurves:
    """Return the curves of steps, given in order up to `last_step`, in at most `most` buckets each.

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
    """Reduce the window's steps to buckets and append them; the first may extend the last bucket of before."""
    import numpy as np

    steps = np.array(window.steps, dtype=np.int64)
    names, values = _matrix(window)
    numbers = (steps - 1) // curves.span
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
    is_finite = np.isfinite(values)
    counts = np.add.reduceat(is_finite.astype(np.int64), starts)
    lows = np.minimum.reduceat(np.where(is_finite, values, np.inf), starts)
    highs = np.maximum.reduceat(np.where(is_finite, values, -np.inf), starts)
    of_row = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(steps)))
    shares = np.where(is_finite, values, 0.0) / np.maximum(counts, 1)[of_row]  # divided first: no sum overflows
    means = np.add.reduceat(shares, starts)
    ends = np.maximum.reduceat(np.where(is_finite, np.arange(len(steps))[:, None], -1), starts)
    for column, name in enumerate(names):
        if name not in curves.of and len(curves.of) >= MOST_SERIES:
            continue
        filled = np.flatnonzero(counts[:, column])
        if not len(filled):
            continue
        at = ends[filled, column]
        parts: list[NDArray[Any]] = [
            steps[at],
            lows[filled, column],
            highs[filled, column],
            values[at, column],
            means[filled, column],
            counts[filled, column],
        ]
        new = [Bucket(*fields) for fields in zip(*(part.tolist() for part in parts), strict=True)]
        buckets = curves.of.setdefault(name, [])
        if buckets and curves.number(buckets[-1]) == curves.number(new[0]):
            new[0] = merged(buckets.pop(), new[0])
        buckets += new


def _matrix(window: Window) -> tuple[list[str], NDArray[np.float64]]:
    """Return the window's metrics, and a column for each (steps × metrics) with NaN where a step lacks it."""
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
