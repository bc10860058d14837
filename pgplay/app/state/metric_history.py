"""The metrics of a run in bounded memory: per metric at most `CAPACITY` buckets and `RAW_STEPS` raw values.

Every metric of a step has a series: those of `learning.reports.metrics`, and each measure and part of a reward. The raw
values of the whole run are in its store.
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
RAW_STEPS = 1024
"""The number of raw values: the recent part of a long run is shown as finely as that of a short one."""

MOST_MARKS = 256
MOST_TRACES = 512
"""Beyond this every second trace is dropped; no screen has as many columns."""


class Mark(NamedTuple):
    """A change after `step`, in words."""

    step: int
    words: str


class Series:
    """One metric over the steps; values that are not finite are left out."""

    def __init__(self) -> None:
        self.buckets: list[Bucket] = []
        self._recent: deque[Bucket] = deque(maxlen=RAW_STEPS)
        self._is_all_recent = True
        self._span = 1

    def add(self, step: int, value: float) -> None:
        """Append the `value` of `step`; a step not after the last one is ignored."""
        if not math.isfinite(value) or (self.buckets and step <= self.buckets[-1].step):
            return
        new = Bucket(step, value, value, value, value)
        self._is_all_recent = self._is_all_recent and len(self._recent) < RAW_STEPS
        self._recent.append(new)
        if self.buckets and self.buckets[-1].steps < self._span:
            self.buckets[-1] = merged(self.buckets[-1], new)
        else:
            self.buckets.append(new)
            if len(self.buckets) > CAPACITY:
                self._halve()

    def precede(self, buckets: Sequence[Bucket], recent: Sequence[Bucket]) -> None:
        """Insert the `buckets` of a run's past and its `recent` raw values before those of later steps."""
        if not buckets:
            return
        end = buckets[-1].step
        self._recent = deque([*recent, *(bucket for bucket in self._recent if bucket.step > end)], RAW_STEPS)
        self.buckets = [*buckets, *(bucket for bucket in self.buckets if bucket.step > end)]
        self._span = max(self._span, *(bucket.steps for bucket in buckets))
        self._is_all_recent = self._span == 1 and len(self._recent) == len(self.buckets)
        while len(self.buckets) > CAPACITY:
            self._halve()

    def cut(self, step: int) -> None:
        """Forget the steps after `step`, with any bucket that reaches beyond it."""
        self.buckets = [bucket for bucket in self.buckets if bucket.step <= step]
        self._recent = deque((bucket for bucket in self._recent if bucket.step <= step), RAW_STEPS)

    def since(self, step: int) -> Sequence[Bucket]:
        """Return the values from `step` on, raw where they are kept."""
        if self._recent and (step >= self._recent[0].step or self._is_all_recent):
            before = len(self._recent)
            for bucket in reversed(self._recent):  # mostly the end is read
                if bucket.step < step:
                    break
                before -= 1
            return list(itertools.islice(self._recent, before, None))
        return [bucket for bucket in self.buckets if bucket.step >= step] if step > 0 else self.buckets

    def at(self, step: int) -> Bucket | None:
        """Return the last bucket that begins at or before `step`; None without one."""
        for buckets in (self._recent, self.buckets):
            if buckets and buckets[0].step <= step:
                return next(bucket for bucket in reversed(buckets) if bucket.step <= step)
        return self.buckets[0] if self.buckets and self.buckets[0].steps > 1 else None

    def _halve(self) -> None:
        pairs = zip(self.buckets[::2], self.buckets[1::2], strict=False)
        halved = [merged(first, second) for first, second in pairs]
        if len(self.buckets) % 2:
            halved.append(self.buckets[-1])
        self.buckets = halved
        self._span *= 2


def smoothed(buckets: Sequence[Bucket], steps: float) -> list[Bucket]:
    """Return `buckets` as an exponential moving average over `steps` steps, whatever their distances.

    The average decays by exp(-distance / steps), as a leaky integrator, so that a bucket weighs as much as its steps.
    """
    result: list[Bucket] = []
    average, before = 0.0, 0
    for number, bucket in enumerate(buckets):
        decay = math.exp(-(bucket.step - before) / steps) if number else 0.0
        average = average * decay + bucket.mean * (1 - decay)
        before = bucket.step
        result.append(Bucket(bucket.step, average, average, average, average, bucket.steps))
    return result


class Traces:
    """The traces that maps are drawn from, thinned evenly over a long run."""

    def __init__(self) -> None:
        self.all: list[tuple[int, Trace]] = []
        self._distance = 1

    def add(self, step: int, trace: Trace) -> None:
        """Append the trace of `step`, unless it is too near to the last one."""
        if self.all and step < self.all[-1][0] + self._distance:
            return
        self.all.append((step, trace))
        if len(self.all) > MOST_TRACES:
            self.all = self.all[::2]
            self._distance = max(1, self.all[-1][0] // len(self.all))

    def cut(self, step: int) -> None:
        """Forget the steps after `step`."""
        self.all = [pair for pair in self.all if pair[0] <= step]

    def at(self, steps: Sequence[float]) -> list[Trace | None]:
        """Return the last trace up to each of the increasing `steps`; None before the first and after the last."""
        traces: list[Trace | None] = []
        index, last = 0, self.all[-1][0] if self.all else -1
        for step in steps:
            while index < len(self.all) and self.all[index][0] <= step:
                index += 1
            traces.append(self.all[index - 1][1] if index and step < last + self._distance else None)
        return traces


class Recollection(NamedTuple):
    """A run's past: its curves, the raw values of its last steps, traces and marks."""

    curves: MetricCurves
    recent: MetricCurves
    traces: Traces
    marks: Sequence[Mark]


class History:
    """Every curve of the present run; `version` grows with each change, which tells a plot to redraw."""

    def __init__(self) -> None:
        self.version = 0
        self.series: dict[str, Series] = {}
        self.marks: list[Mark] = []
        self.traces = Traces()

    def of(self, name: str) -> Series:
        """Return the series called `name`, empty if there is none."""
        return self.series.get(name) or Series()

    @property
    def last_step(self) -> int:
        """The last step of any curve, 0 without one."""
        return max((series.buckets[-1].step for series in self.series.values() if series.buckets), default=0)

    def trail(self, across: str, up: str, first: int) -> list[tuple[int, float, float]]:
        """Return (step, across, up) of two metrics from step `first` on, at the steps that `across` is kept for."""
        rows, values = self.of(up).since(first), []
        index = 0
        for bucket in self.of(across).since(first):
            while index + 1 < len(rows) and rows[index + 1].step <= bucket.step:
                index += 1
            if rows and rows[index].step <= bucket.step:
                values.append((bucket.step, bucket.mean, rows[index].mean))
        return values

    def means(self, names: Iterable[str], steps: int) -> dict[str, float]:
        """Return the mean of each metric over the last `steps` steps, for the metrics that have values there."""
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
        """Insert the past of the run before the later steps."""
        series = {name: self.series.get(name) or Series() for name in past.curves.of}
        for name, of_metric in series.items():
            of_metric.precede(past.curves.of[name], past.recent.of.get(name, ()))
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
        """Add a mark after `step`, unless it is there already."""
        if Mark(step, words) not in self.marks:
            self.marks = sorted([*self.marks, Mark(step, words)])[-MOST_MARKS:]
            self.version += 1

    def cut(self, step: int) -> None:
        """Forget the steps after `step`, for a run that resumes from a checkpoint."""
        for series in self.series.values():
            series.cut(step)
        self.traces.cut(step)
        self.marks = [mark for mark in self.marks if mark.step <= step]
        self.version += 1

    def clear(self) -> None:
        """Forget everything; plots are then drawn empty."""
        self.series, self.marks, self.traces = {}, [], Traces()
        self.version += 1
