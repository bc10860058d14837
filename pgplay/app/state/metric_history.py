"""The curves' numbers, bounded: however long a run, a series holds at most `CAPACITY` buckets and `RECENT` raw values.

Every metric that a step tells has a series: those of `learning.metrics`, and each measure and part of a reward. What
cannot be bounded is left out on purpose: the raw values of the whole run, which its store has.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

from pgplay.learning.reports.step_report import Trace
from pgplay.runs.curves import MOST_SERIES, Bucket, MetricCurves, merged

CAPACITY = 1024
RECENT = 1024
"""The last values are kept one by one too: the recent part of a long run is shown as finely as that of a short one."""

MOST_MARKS = 256
MOST_TRACES = 512
"""Of more, every second one is left out: a map has a column for each few steps, and no screen has so many columns."""


class Mark(NamedTuple):
    """A step after which something was changed, and what in words."""

    step: int
    words: str


class Series:
    """One metric over the steps. A value that is not finite is not kept: the curve goes on at the next one that is."""

    def __init__(self) -> None:
        self.buckets: list[Bucket] = []
        self._recent: deque[Bucket] = deque(maxlen=RECENT)
        self._is_all_recent = True
        self._span = 1

    def add(self, step: int, value: float) -> None:
        """Append the `value` of `step`; a step that is not after the last one is left out."""
        if not math.isfinite(value) or (self.buckets and step <= self.buckets[-1].step):
            return
        new = Bucket(step, value, value, value, value)
        self._is_all_recent = self._is_all_recent and len(self._recent) < RECENT
        self._recent.append(new)
        if self.buckets and self.buckets[-1].steps < self._span:
            self.buckets[-1] = merged(self.buckets[-1], new)
        else:
            self.buckets.append(new)
            if len(self.buckets) > CAPACITY:
                self._halve()

    def precede(self, buckets: Sequence[Bucket], recent: Sequence[Bucket]) -> None:
        """Put the `buckets` of a run's past, and the last ones value by value, before what came after them."""
        if not buckets:
            return
        end = buckets[-1].step
        self._recent = deque([*recent, *(bucket for bucket in self._recent if bucket.step > end)], RECENT)
        self.buckets = [*buckets, *(bucket for bucket in self.buckets if bucket.step > end)]
        self._span = max(self._span, *(bucket.steps for bucket in buckets))
        self._is_all_recent = self._span == 1 and len(self._recent) == len(self.buckets)
        while len(self.buckets) > CAPACITY:
            self._halve()

    def cut(self, step: int) -> None:
        """Forget what came after `step`; of a bucket that reaches beyond it nothing stays."""
        self.buckets = [bucket for bucket in self.buckets if bucket.step <= step]
        self._recent = deque((bucket for bucket in self._recent if bucket.step <= step), RECENT)

    def since(self, step: int) -> Sequence[Bucket]:
        """Return what is known of the steps from `step` on, as finely as it is known."""
        if self._recent and (step >= self._recent[0].step or self._is_all_recent):
            before = len(self._recent)
            for bucket in reversed(self._recent):  # what is asked for is mostly the end
                if bucket.step < step:
                    break
                before -= 1
            return list(itertools.islice(self._recent, before, None))
        return [bucket for bucket in self.buckets if bucket.step >= step] if step > 0 else self.buckets

    def at(self, step: int) -> Bucket | None:
        """Return the last bucket that begins at or before `step`; None where there is none."""
        for buckets in (self._recent, self.buckets):
            if buckets and buckets[0].step <= step:
                return next(bucket for bucket in reversed(buckets) if bucket.step <= step)
        return self.buckets[0] if self.buckets and self.buckets[0].steps > 1 else None

    def _halve(self) -> None:
        pairs = zip(self.buckets[::2], self.buckets[1::2], strict=False)
        halved = [merged(one, other) for one, other in pairs]
        if len(self.buckets) % 2:
            halved.append(self.buckets[-1])
        self.buckets = halved
        self._span *= 2


def smoothed(buckets: Sequence[Bucket], steps: float) -> list[Bucket]:
    """Return `buckets` as an exponential moving average over `steps` steps, whatever their distances.

    The average forgets by exp(-distance / steps) (the time constant of a leaky integrator), so that a bucket of many
    steps weighs as its steps would one by one.
    """
    result: list[Bucket] = []
    average, before = 0.0, 0
    for number, bucket in enumerate(buckets):
        kept = math.exp(-(bucket.step - before) / steps) if number else 0.0
        average = average * kept + bucket.mean * (1 - kept)
        before = bucket.step
        result.append(Bucket(bucket.step, average, average, average, average, bucket.steps))
    return result


class Traces:
    """What each step told to be drawn as a map, thinned evenly over the run once it is long."""

    def __init__(self) -> None:
        self.all: list[tuple[int, Trace]] = []
        self._distance = 1

    def add(self, step: int, trace: Trace) -> None:
        """Append the trace of `step`; one that is too near to the last one is left out."""
        if self.all and step < self.all[-1][0] + self._distance:
            return
        self.all.append((step, trace))
        if len(self.all) > MOST_TRACES:
            self.all = self.all[::2]
            self._distance = max(1, self.all[-1][0] // len(self.all))

    def cut(self, step: int) -> None:
        """Forget what came after `step`."""
        self.all = [pair for pair in self.all if pair[0] <= step]

    def at(self, steps: Sequence[float]) -> list[Trace | None]:
        """Return for each of the growing `steps` the last trace up to there; None before the first, after the last."""
        found: list[Trace | None] = []
        place, last = 0, self.all[-1][0] if self.all else -1
        for step in steps:
            while place < len(self.all) and self.all[place][0] <= step:
                place += 1
            found.append(self.all[place - 1][1] if place and step < last + self._distance else None)
        return found


class Recollection(NamedTuple):
    """The past of a run: its curves, the last steps value by value, traces, and marks."""

    curves: MetricCurves
    recent: MetricCurves
    traces: Traces
    marks: Sequence[Mark]


class History:
    """Every curve of the present run; `version` grows with each change, so that a plot knows whether to redraw."""

    def __init__(self) -> None:
        self.version = 0
        self.series: dict[str, Series] = {}
        self.marks: list[Mark] = []
        self.traces = Traces()

    def of(self, name: str) -> Series:
        """Return the series called `name`, an empty one where no step told of it yet."""
        return self.series.get(name) or Series()

    @property
    def last_step(self) -> int:
        """The last step that any curve holds, 0 where there is none."""
        return max((series.buckets[-1].step for series in self.series.values() if series.buckets), default=0)

    def trail(self, across: str, up: str, first: int) -> list[tuple[int, float, float]]:
        """Return (step, across, up) of two metrics from step `first` on, as finely as the first of them is kept."""
        rows, values = self.of(up).since(first), []
        place = 0
        for bucket in self.of(across).since(first):
            while place + 1 < len(rows) and rows[place + 1].step <= bucket.step:
                place += 1
            if rows and rows[place].step <= bucket.step:
                values.append((bucket.step, bucket.mean, rows[place].mean))
        return values

    def means(self, names: Iterable[str], steps: int) -> dict[str, float]:
        """Return the mean of each metric over the last `steps` steps; one that was not told there is left out."""
        first = self.last_step - steps + 1
        recent = {name: self.of(name).since(first) for name in names}
        return {name: fmean(bucket.mean for bucket in buckets) for name, buckets in recent.items() if buckets}

    def add(self, rows: Iterable[tuple[int, Mapping[str, float]]]) -> None:
        """Append the metrics of some steps."""
        for step, metrics in rows:
            for name, value in metrics.items():
                series = self.series.get(name)
                if series is None:
                    if len(self.series) >= MOST_SERIES:
                        continue
                    series = self.series[name] = Series()
                series.add(step, value)
        self.version += 1

    def precede(self, past: Recollection) -> None:
        """Put the past of the run before what this history holds of the steps after it."""
        series = {name: self.series.get(name) or Series() for name in past.curves.of}
        for name, one in series.items():
            one.precede(past.curves.of[name], past.recent.of.get(name, ()))
        self.series = dict(itertools.islice({**series, **self.series}.items(), MOST_SERIES))
        traces, self.traces = self.traces, past.traces
        for step, trace in traces.all:
            self.traces.add(step, trace)
        self.marks = sorted({*past.marks, *self.marks})[-MOST_MARKS:]
        self.version += 1

    def add_traces(self, traces: Iterable[tuple[int, Trace]]) -> None:
        """Append the traces of some steps."""
        for step, trace in traces:
            self.traces.add(step, trace)
        self.version += 1

    def mark(self, step: int, words: str) -> None:
        """Note that something was changed after `step`; a mark that is there already is not made twice."""
        if Mark(step, words) not in self.marks:
            self.marks = sorted([*self.marks, Mark(step, words)])[-MOST_MARKS:]
            self.version += 1

    def cut(self, step: int) -> None:
        """Forget what came after `step`, for a run that goes on from a checkpoint."""
        for series in self.series.values():
            series.cut(step)
        self.traces.cut(step)
        self.marks = [mark for mark in self.marks if mark.step <= step]
        self.version += 1

    def clear(self) -> None:
        """Forget everything; the version still grows, so that plots are drawn empty."""
        self.series, self.marks, self.traces = {}, [], Traces()
        self.version += 1
