"""Several stored runs in one plot: which line is whose, what differs between their recipes, seeds as one band.

A run keeps its slot, which is its colour and its marker, for as long as it is shown. Runs that differ in nothing but
their seed can be drawn as one: the median at each step, and a band from the lowest to the highest. One that has ended
counts with its last value from there on, as its policy does not change any more. A branch is drawn by itself: it is
there to be seen beside the run that it left.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pgplay.app.drawing.line_chart import LINE, Chart, ChartBand, Curve
from pgplay.app.stored_runs.stored_run import StoredRun
from pgplay.config.recipe import differences
from pgplay.config.run_config import RunConfig, make_config, to_settings
from pgplay.errors import InputError
from pgplay.export.comparison import ComparedSeries
from pgplay.runs.curves import Bucket
from pgplay.runs.run_library import RunLibrary
from pgplay.runs.summaries import RunSummary

MARKERS = "●▲■◆▼★○△"
"""What tells runs apart where there are no colours."""
MOST = len(MARKERS)
MOST_RUNS = 64
_CELLS_A_MARK = 9
_GRID = 256
"""Steps at which a median is taken."""


class OverlayLine(NamedTuple):
    """One or several runs that are drawn as one; `label` is the part of their recipe in which the lines differ."""

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
    """The runs that are shown side by side; to be closed."""

    def __init__(self, library: RunLibrary, runs: Iterable[str]) -> None:
        """Raises InputError for an unknown run, PgplayError for a damaged one."""
        self._library = library
        self._pasts: dict[str, StoredRun] = {}
        self._slots: dict[str, int] = {}
        """The slot of each line, by its first run."""
        self._seeds_as_one = True
        self.left_out = 0
        """How many of `runs` there was no room for."""
        try:
            for run in runs:
                self._add_if_room(self.read(run))
        except BaseException:
            self.close()
            raise

    @property
    def runs(self) -> list[str]:
        """The names of the runs, in the order in which they came."""
        return list(self._pasts)

    @property
    def seeds_as_one(self) -> bool:
        """Whether runs that differ only in their seed are drawn as one line."""
        return self._seeds_as_one

    def join_seeds(self, joined: bool) -> None:
        """Draw runs that differ only in their seed as one line, or apart; raises InputError for too many lines."""
        before, self._seeds_as_one = self._seeds_as_one, joined
        if len(self._groups()) > MOST:
            self._seeds_as_one = before
            raise InputError("overlay.full", most=MOST)
        self._settle()

    def has_room_for(self, config: RunConfig, *, is_branch: bool = False) -> bool:
        """Whether a run of `config` can be shown: in a line that is there, or in one that has a slot left."""
        groups = self._groups()
        joins = self._seeds_as_one and not is_branch and _without_seed(config) in groups
        return len(self._pasts) < MOST_RUNS and (joins or len(groups) < MOST)

    def stored(self) -> list[RunSummary]:
        """Return every stored run, also those that are not shown."""
        return self._library.summaries()

    def read(self, run: str) -> StoredRun:
        """Read `run`, for `add`; raises InputError for an unknown run, PgplayError for a damaged one."""
        return StoredRun(self._library.open(run))

    def add(self, past: StoredRun) -> None:
        """Show a run too, where it is not shown yet; raises InputError where it is full."""
        if past.run in self._pasts:
            past.close()
            return
        if not self.has_room_for(past.config, is_branch=past.parent is not None):
            past.close()
            raise InputError("overlay.full", most=MOST)
        self._pasts[past.run] = past
        self._settle()

    def _add_if_room(self, past: StoredRun) -> None:
        try:
            self.add(past)
        except InputError:
            self.left_out += 1

    def remove(self, run: str) -> None:
        """Show `run` no longer; its slot is free again."""
        past = self._pasts.pop(run, None)
        if past is not None:
            past.close()
            self._settle()

    def refresh(self) -> bool:
        """Read what came since, and tell whether anything did; raises PgplayError."""
        changed = [past.refresh() for past in self._pasts.values()]  # every one is to be read
        return any(changed)

    def close(self) -> None:
        """Let go of every run."""
        for past in self._pasts.values():
            past.close()

    def lines(self) -> list[OverlayLine]:
        """Return what is drawn, the first run's line first."""
        groups = self._groups()
        first = [runs[0] for runs in groups.values()]
        apart = {"seed"} if any(len(runs) > 1 for runs in groups.values()) else set()
        labels = differences([self._pasts[run].config for run in first], apart_from=apart)
        joined = [tuple(self._pasts[run] for run in runs) for runs in groups.values()]
        return [
            OverlayLine(self._slots[run], _told(label, pasts), pasts)
            for run, label, pasts in zip(first, labels, joined, strict=True)
        ]

    def _groups(self) -> dict[str, list[str]]:
        """Return the runs of each line, by what they have in common."""
        groups: dict[str, list[str]] = {}
        for run, past in self._pasts.items():
            alone = not self._seeds_as_one or past.parent is not None
            groups.setdefault(run if alone else _without_seed(past.config), []).append(run)
        return groups

    def _settle(self) -> None:
        """Give each line a slot: the one that its first run had, where it had one."""
        first = [runs[0] for runs in self._groups().values()]
        slots = {run: self._slots[run] for run in first if run in self._slots}
        for run in first:
            if run not in slots:
                slots[run] = min(set(range(MOST)) - set(slots.values()))
        self._slots = slots

    def metrics(self) -> list[str]:
        """Return the metrics that any run has, in the order in which a step tells them."""
        return list(dict.fromkeys(name for past in self._pasts.values() for name in past.history.series))

    def series(self, metric: str) -> list[ComparedSeries]:
        """Return the values of `metric` per line, for export."""
        series = []
        for line in self.lines():
            if len(line.pasts) == 1:
                buckets: Sequence[Bucket] = line.first.history.of(metric).buckets
                lower: list[Bucket] = []
                upper: list[Bucket] = []
            else:
                lower, buckets, upper = _median([past.history.of(metric).buckets for past in line.pasts])
            name = line.label or line.first.run
            series.append(ComparedSeries(name, line.slot, len(line.pasts), tuple(buckets), tuple(lower), tuple(upper)))
        return series

    def chart(self, metric: str) -> Chart:
        """Return the plot of `metric`: lines under marks, bands under both."""
        last = max((past.last_step for past in self._pasts.values()), default=0)
        curves, marks, bands = [], [], []
        for number, line in enumerate(self.lines()):
            pen = f"run-{line.slot}"
            if len(line.pasts) == 1:
                buckets: Sequence[Bucket] = line.first.history.of(metric).buckets
            else:
                lower, buckets, upper = _median([past.history.of(metric).buckets for past in line.pasts])
                bands.append(ChartBand(lower, upper, f"band-{line.slot}"))
            curves.append(Curve(buckets, pen, LINE))
            marks.append(Curve(buckets, pen, MARKERS[line.slot], _CELLS_A_MARK, number))
        top = 1.0 if _is_reward(metric) else 0.0
        return Chart((*curves[::-1], *marks[::-1]), last, bands=tuple(bands), top=top)


def relatives(run: str, known: Sequence[RunSummary], most: int = 4) -> list[str]:
    """Return `run`, the run that it is a branch of, its own branches, and the newest others with the same text."""
    by_name = {one.name: one for one in known if not one.problem}
    own = by_name.get(run)
    if own is None:
        return []
    family = [one.name for one in known if one.parent == run and one.name in by_name]
    same = [one.name for one in by_name.values() if (one.target, one.task) == (own.target, own.task)]
    parents = [own.parent] if own.parent in by_name else []
    return list(dict.fromkeys([run, *parents, *family, *same]))[:most]


def _without_seed(config: RunConfig) -> str:
    settings = {name: value for name, value in to_settings(config).items() if name != "seed"}
    return repr(make_config(settings))


def _told(label: str, pasts: Sequence[StoredRun]) -> str:
    differ = len({past.config.seed for past in pasts}) == len(pasts)
    median = f"median of {len(pasts)} {'seeds' if differ else 'runs'}" if len(pasts) > 1 else ""
    parent = pasts[0].parent
    branch = f"branch from step {parent.step}" if parent is not None else ""
    return "  ".join(part for part in (label, median, branch) if part)


def _is_reward(metric: str) -> bool:
    return metric in ("reward_mean", "greedy_reward", "exact_match")


def _median(runs: Sequence[Sequence[Bucket]]) -> tuple[list[Bucket], list[Bucket], list[Bucket]]:
    """Return the lowest, the median and the highest of some runs at steps spread over all that they made."""
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
