"""The view of the plots: metrics, smoothing, part of the run, scale and cursor.

One frozen record that the app owns. It changes nothing that is trained or stored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from rich.cells import cell_len

from pgplay.learning.reports.metrics import FURTHER_SERIES, METRICS, TRADE, USUAL_METRICS, title_of

HISTOGRAM = "rewards"
"""The histogram of each step's rewards, chosen like a metric."""

MOST_PLOTS = 10
SMOOTHINGS = (0, 5, 20, 100)
"""The smoothing windows in steps, in the key's order."""
SHOWN_STEPS = (0, 1000, 200, 50)
"""The numbers of last steps shown, in the key's order; 0 is the whole run."""


@dataclass(frozen=True)
class PlotView:
    """A person's view of the curves."""

    shown: tuple[str, ...] = USUAL_METRICS
    smoothing: int = 0
    recent: int = 0
    logarithmic: frozenset[str] = frozenset()
    cursor: int | None = None

    def smoother(self) -> PlotView:
        """Return the view with the next smoothing."""
        return replace(self, smoothing=_next(SMOOTHINGS, self.smoothing))

    def zoomed(self, last_step: int) -> PlotView:
        """Return the view with the next part of a run of `last_step` steps; parts longer than the run are skipped."""
        parts = [part for part in SHOWN_STEPS if part < last_step]
        return replace(self, recent=_next(parts, self.recent)) if parts else self

    def first_step(self, last_step: int) -> int:
        """Return the first step shown of a run of `last_step` steps; 0 for the whole run."""
        return max(0, last_step - self.recent) if self.recent else 0

    def with_logarithm(self, metric: str) -> PlotView:
        """Return the view with the other scale for `metric`."""
        return replace(self, logarithmic=self.logarithmic ^ {metric})

    def choosing(self, shown: tuple[str, ...]) -> PlotView:
        """Return the view with these metrics, the large plot's first."""
        return replace(self, shown=shown[:MOST_PLOTS] or USUAL_METRICS)

    def with_measures(self, measures: tuple[str, ...]) -> PlotView:
        """Return the view with `measures` after the reward, in place of the last plots, unless a person has chosen."""
        if self.shown != USUAL_METRICS:
            return self
        reward, *others = USUAL_METRICS
        return self.choosing((reward, *measures, *others[: max(0, len(others) - len(measures))]))

    def moved(self, steps: int, last_step: int) -> PlotView:
        """Return the view with the cursor moved by `steps`; it begins at the last step and stays within the plots."""
        if self.cursor is None:
            return replace(self, cursor=last_step)
        return replace(self, cursor=min(last_step, max(max(1, self.first_step(last_step)), self.cursor + steps)))


def is_plotted(metric: str) -> bool:
    """Return whether `metric` has a plot: a step's metric, a measure or part of a reward, or one of its own."""
    return metric in METRICS or metric in (HISTOGRAM, TRADE) or metric.partition(":")[0] in FURTHER_SERIES


class MetricWords(NamedTuple):
    """A metric's name on the screen, its description, and its short unit, empty without one."""

    name: str
    description: str
    unit: str = ""

    @property
    def title(self) -> str:
        """The name with the unit."""
        return f"{self.name}, {self.unit}" if self.unit else self.name

    def title_within(self, width: int) -> str:
        """Return the title if it fits into `width`, else without the unit, else without what is in brackets."""
        shortest = self.name.partition(" (")[0]
        return next((title for title in (self.title, self.name) if cell_len(title) <= width), shortest)


def words_of(metric: str) -> MetricWords:
    """Return the words for any metric: one of the steps' own, or a measure or part of a reward."""
    if metric in METRICS:
        title, unit, description = METRICS[metric]
        return MetricWords(title, f"{description} ({unit})" if unit else description, unit.partition(" per ")[0])
    if metric == HISTOGRAM:
        return MetricWords(
            "Rewards", "distribution of each step's rewards: share of completions in each bin", "share × step"
        )
    if metric == TRADE:
        return MetricWords(title_of(TRADE)[0], "the reward of each step over its KL to the reference")
    kind, _, name = metric.partition(":")
    return MetricWords(f"{name} ({kind})" if name else metric, FURTHER_SERIES.get(kind, "reported by the run"))


def _next(values: tuple[int, ...] | list[int], value: int) -> int:
    return values[(values.index(value) + 1) % len(values)] if value in values else values[0]
