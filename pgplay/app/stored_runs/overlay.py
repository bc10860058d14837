"""Several stored runs in one plot: which line is whose, what differs between their recipes, seeds as one band.

A run keeps its slot, which is its colour and its marker, as long as it is shown. Runs that differ only in their seed
can be drawn as one line: the median at each step, with a band from the lowest to the highest. An ended run counts with
its last value from then on, as its policy no longer changes. A branch is drawn by itself, beside its parent.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pgplay.app.drawing.line_chart import LINE_MARKER, Chart, ChartBand, Curve
from pgplay.app.stored_runs.stored_run import StoredRun
from pgplay.config.recipe import differences
from pgplay.config.run_config import RunConfig, make_config, to_settings
from pgplay.errors import InputError
from pgplay.export.comparison import ComparedSeries
from pgplay.learning.reports.metrics import REWARD_METRIC
from pgplay.learning.reports.peaks import MEASURE
from pgplay.runs.curves import Bucket
from pgplay.runs.run_library import RunLibrary
from pgplay.runs.summaries import RunSummary

MARKERS = "●▲■◆▼★○△"
"""The markers that tell runs apart without colours."""
MOST_OVERLAID = len(MARKERS)
MOST_RUNS = 64
_CELLS_A_MARK = 9
_COMMON = ("exact_match", "cross_entropy", "entropy")
"""Metrics that mean the same under every reward."""
_GRID = 256
"""The number of steps at which a median is taken."""


class OverlayLine(NamedTuple):
    """One or more runs drawn as one line; `label` is the part of their recipe that tells the lines apart."""

    slot: int
    label: str
    pasts: tuple[StoredRun, ...]

    @property
    def first(self) -> StoredRun:
        """The run that gave the line its slot."""
        return self.pasts[0]

    def values(self, metric: str) -> list[float]:
        """Return the newest value of `metric` of each run that has one."""
        lasts = [past.history.of(metric).buckets[-1:] for past in self.pasts]
        return [bucket.last for buckets in lasts for bucket in buckets]


class Overlay:
    """The runs in one plot; to be closed."""

    def __init__(self, library: RunLibrary, runs: Iterable[str]) -> None:
        """Raises InputError for an unknown run, PgplayError for a damaged one."""
        self._library = library
        self._pasts: dict[str, StoredRun] = {}
        self._slots: dict[str, int] = {}
        """The slot of each line, by its first run."""
        self._seeds_as_one = True
        self.left_out = 0
        """The number of `runs` that there was no room for."""
        try:
            for run in runs:
                self._add_if_room(self.read(run))
        except BaseException:
            self.close()
            raise

    @property
    def runs(self) -> list[str]:
        """The names of the runs, in the order in which they were added."""
        return list(self._pasts)

    @property
    def seeds_as_one(self) -> bool:
        """Whether runs that differ only in their seed are drawn as one line."""
        return self._seeds_as_one

    def join_seeds(self, joined: bool) -> None:
        """Draw runs that differ only in their seed as one line, or apart; raises InputError for too many lines."""
        before, self._seeds_as_one = self._seeds_as_one, joined
        if len(self._groups()) > MOST_OVERLAID:
            self._seeds_as_one = before
            raise InputError("overlay.full", most=MOST_OVERLAID)
        self._settle()

    def has_room_for(self, config: RunConfig, *, is_branch: bool = False) -> bool:
        """Whether a run of `config` can be shown, in an existing line or in a free slot."""
        groups = self._groups()
        joins = self._seeds_as_one and not is_branch and _without_seed(config) in groups
        return len(self._pasts) < MOST_RUNS and (joins or len(groups) < MOST_OVERLAID)

    def stored(self) -> list[RunSummary]:
        """Return every stored run, also those that are not shown."""
        return self._library.summaries()

    def read(self, run: str) -> StoredRun:
        """Read `run`, for `add`; raises InputError for an unknown run, PgplayError for a damaged one."""
        return StoredRun(self._library.open(run))

    def add(self, past: StoredRun) -> None:
        """Show a run, unless it is shown already; raises InputError if no slot is free."""
        if past.run in self._pasts:
            past.close()
            return
        if not self.has_room_for(past.config, is_branch=past.parent is not None):
            past.close()
            raise InputError("overlay.full", most=MOST_OVERLAID)
        self._pasts[past.run] = past
        self._settle()

    def _add_if_room(self, past: StoredRun) -> None:
        try:
            self.add(past)
        except InputError:
            self.left_out += 1

    def remove(self, run: str) -> None:
        """Remove `run` and free its slot."""
        past = self._pasts.pop(run, None)
        if past is not None:
            past.close()
            self._settle()

    def refresh(self) -> bool:
        """Read new steps and return whether anything changed; raises PgplayError."""
        changed = [past.refresh() for past in self._pasts.values()]  # every run is to be read
        return any(changed)

    def close(self) -> None:
        """Close every run."""
        for past in self._pasts.values():
            past.close()

    def lines(self) -> list[OverlayLine]:
        """Return the lines, the first run's first."""
        groups = self._groups()
        first = [runs[0] for runs in groups.values()]
        apart = {"seed"} if any(len(runs) > 1 for runs in groups.values()) else set()
        labels = differences([self._pasts[run].config for run in first], apart_from=apart)
        joined = [tuple(self._pasts[run] for run in runs) for runs in groups.values()]
        return [
            OverlayLine(self._slots[run], _line_label(label, pasts), pasts)
            for run, label, pasts in zip(first, labels, joined, strict=True)
        ]

    def _groups(self) -> dict[str, list[str]]:
        """Return the runs of each line, by their common settings."""
        groups: dict[str, list[str]] = {}
        for run, past in self._pasts.items():
            alone = not self._seeds_as_one or past.parent is not None
            groups.setdefault(run if alone else _without_seed(past.config), []).append(run)
        return groups

    def _settle(self) -> None:
        """Give each line a slot, that of its first run if it had one."""
        first = [runs[0] for runs in self._groups().values()]
        slots = {run: self._slots[run] for run in first if run in self._slots}
        for run in first:
            if run not in slots:
                slots[run] = min(set(range(MOST_OVERLAID)) - set(slots.values()))
        self._slots = slots

    def metrics(self) -> list[str]:
        """Return the metrics of any run: the reward, then those that mean the same for every reward, then the rest."""
        names = dict.fromkeys(name for past in self._pasts.values() for name in past.history.series)
        measures = (name for name in names if name.startswith(MEASURE))
        first = [name for name in (REWARD_METRIC, *_COMMON, *measures) if name in names]
        return list(dict.fromkeys([*first, *names]))


def series_of(lines: Iterable[OverlayLine], metric: str) -> list[ComparedSeries]:
    """Return the values of `metric` per line, for export."""
    series = []
    for line in lines:
        lower, middle, upper = _curves(line, metric)
        name = line.label or line.first.run
        series.append(
            ComparedSeries(name, line.slot, len(line.pasts), tuple(middle), tuple(lower), tuple(upper))
        )
    return series


def chart_of(lines: Sequence[OverlayLine], metric: str) -> Chart:
    """Return the plot of `metric`: lines under marks, bands under both."""
    last = max((past.last_step for line in lines for past in line.pasts), default=0)
    curves, marks, bands = [], [], []
    for number, line in enumerate(lines):
        pen = f"run-{line.slot}"
        lower, middle, upper = _curves(line, metric)
        if lower:
            bands.append(ChartBand(lower, upper, f"band-{line.slot}"))
        curves.append(Curve(middle, pen, LINE_MARKER))
        marks.append(Curve(middle, pen, MARKERS[line.slot], _CELLS_A_MARK, number))
    top = 1.0 if _is_reward(metric) else 0.0
    return Chart((*curves[::-1], *marks[::-1]), last, bands=tuple(bands), top=top)


def _curves(line: OverlayLine, metric: str) -> tuple[Sequence[Bucket], Sequence[Bucket], Sequence[Bucket]]:
    """Return the lowest, the median and the highest curve of a line; of a single run that run's own, without edges."""
    runs = [past.history.of(metric).buckets for past in line.pasts]
    return ([], runs[0], []) if len(runs) == 1 else _median(runs)


def relatives(run: str, summaries: Sequence[RunSummary], most: int = 4) -> list[str]:
    """Return `run`, the run that it is a branch of, its own branches, and the newest others with the same text."""
    by_name = {summary.name: summary for summary in summaries if not summary.problem}
    summary = by_name.get(run)
    if summary is None:
        return []
    branches = [other.name for other in by_name.values() if other.parent == run]
    similar = [other.name for other in by_name.values() if (other.target, other.task) == (summary.target, summary.task)]
    parents = [summary.parent] if summary.parent in by_name else []
    return list(dict.fromkeys([run, *parents, *branches, *similar]))[:most]


def _without_seed(config: RunConfig) -> str:
    settings = {name: value for name, value in to_settings(config).items() if name != "seed"}
    return repr(make_config(settings))


def _line_label(label: str, pasts: Sequence[StoredRun]) -> str:
    differ = len({past.config.seed for past in pasts}) == len(pasts)
    median = f"median of {len(pasts)} {'seeds' if differ else 'runs'}" if len(pasts) > 1 else ""
    parent = pasts[0].parent
    branch = f"branch from step {parent.step}" if parent is not None else ""
    return "  ".join(part for part in (label, median, branch) if part)


def _is_reward(metric: str) -> bool:
    return metric in ("reward_mean", "greedy_reward", "exact_match")


def _median(runs: Sequence[Sequence[Bucket]]) -> tuple[list[Bucket], list[Bucket], list[Bucket]]:
    """Return the lowest, the median and the highest curve of some runs, at steps spread over all of theirs."""
    runs = [buckets for buckets in runs if buckets]
    if not runs:
        return [], [], []
    first = max(buckets[0].step for buckets in runs)
    last = max(buckets[-1].step for buckets in runs)
    stride = max(1, (last - first) // _GRID)
    edges: tuple[list[Bucket], list[Bucket], list[Bucket]] = ([], [], [])
    places = [0] * len(runs)
    for step in [*range(first, last, stride), last]:
        values = []
        for number, buckets in enumerate(runs):
            while places[number] + 1 < len(buckets) and buckets[places[number] + 1].step <= step:
                places[number] += 1
            values.append(buckets[places[number]].last)
        for edge, value in zip(edges, (min(values), statistics.median(values), max(values)), strict=True):
            edge.append(Bucket(step, value, value, value, value))
    return edges
