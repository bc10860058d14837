"""The health of the learning signal: each metric judged, with the change to make; `locale.catalog` puts it into words.

`reports.diagnosis` reports when a run has stopped learning; this module judges the signal at any time. The limits are
rules of thumb from the runs that this program was tuned on: they say where to look, not what is true.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from pgplay.learning.reports.latch import Band
from pgplay.learning.schedules.entropy_weight import LOW_ENTROPY

State = Literal["fine", "watch", "bad"]

TIED = 0.9
"""Share of tied groups from which the rewards give hardly any signal."""

RECENT_STEPS = 30
"""The number of steps whose mean is judged: enough to average the noise out, few enough to follow the run."""


class Signal(NamedTuple):
    """One metric of the learning signal with its `value`; `numbers` are the values of its sentence.

    `settings` are the live changes that would help, None if none would.
    """

    metric: str
    value: float
    state: State
    numbers: dict[str, float]
    settings: dict[str, Any] | None = None


Means = Mapping[str, float]
"""The metrics' means over the recent steps, by name; without metrics that were not reported."""


class _Rule(NamedTuple):
    """How one metric is judged: it gets worse from `watch` towards `bad`, in either direction.

    `settings` returns the changes to make if it is not fine. `moot` returns whether the metric means nothing in a run.
    """

    watch: float
    bad: float
    settings: Callable[[Means], dict[str, Any] | None] = lambda means: None
    moot: Callable[[Means], bool] = lambda means: False
    numbers: Callable[[float], dict[str, float]] = lambda value: {"value": value}

    def state(self, value: float) -> State:
        """Return the state of `value`."""
        sign = 1 if self.bad > self.watch else -1
        return "bad" if sign * (value - self.bad) >= 0 else "watch" if sign * (value - self.watch) >= 0 else "fine"

    def judge(self, metric: str, means: Means) -> Signal:
        """Return the judgement of `metric` by `means`."""
        value = means[metric]
        state = "fine" if self.moot(means) else self.state(value)
        numbers = self.numbers(value)
        return Signal(metric, numbers["value"], state, numbers, None if state == "fine" else self.settings(means))


def signals(means: Means) -> tuple[Signal, ...]:
    """Return the signals of the metrics in `means`, in the order in which a step computes them.

    A run whose greedy completions are all exact is judged fine: it no longer needs a signal.
    """
    judged = [rule.judge(metric, means) for metric, rule in _RULES.items() if metric in means]
    if means.get("exact_match") == 1.0:
        judged = [signal._replace(state="fine", settings=None) for signal in judged]
    return tuple(judged)


def slower(means: Means) -> dict[str, Any] | None:
    """Return a setting with half the learning rate, None without a learning rate."""
    return {"lr": _round(means["lr"] / 2)} if means.get("lr") else None


def band_of(metric: str) -> Band:
    """Return the limits of a finding by this metric: it appears where the signal is out of range, leaves where fine."""
    return Band(appears=_RULES[metric].bad, leaves=_RULES[metric].watch)


def _more_entropy(means: Means) -> dict[str, Any] | None:
    weight = means.get("entropy_weight", 0.0)
    return {"entropy": min(MOST_ENTROPY, _round(2 * weight)) if weight > 0 else 0.05} if weight < MOST_ENTROPY else None


def _larger_batch(means: Means) -> dict[str, Any] | None:
    batch = round(means["characters"] / means["length"]) if means.get("length") else 0
    return {"batch_size": 2 * batch} if 0 < 2 * batch <= LARGEST_BATCH else None  # a multiple of any group


def _lacks_differences(means: Means) -> bool:
    """Return whether completions or their rewards hardly differ: a larger batch would be more of the same."""
    return means.get("entropy", math.inf) < LOW_ENTROPY or means.get("tied_groups", 0.0) >= TIED


def _round(value: float) -> float:
    return float(f"{value:.2g}")


MOST_ENTROPY = 10.0
"""The largest weight that a person may set."""

LARGEST_BATCH = 65536
"""The largest batch that a person may set."""

_RULES = {
    "tied_groups": _Rule(0.5, TIED, settings=_more_entropy),
    "entropy": _Rule(
        0.1,
        LOW_ENTROPY,
        settings=_more_entropy,
        numbers=lambda value: {"value": value, "tokens": math.exp(min(50.0, value))},
    ),
    "stop_rate": _Rule(
        0.5,
        0.05,
        settings=lambda means: {"reward": "levenshtein"},
        # A policy that has learned nothing yet stops by chance, and one that writes a single text has another fault.
        moot=lambda means: not LOW_ENTROPY < means.get("entropy", 0.5) <= 1.0,
    ),
    "clip_share": _Rule(0.3, 0.6, settings=slower),
    "signal_to_noise": _Rule(0.1, 0.02, settings=_larger_batch, moot=_lacks_differences),
    "kl_update": _Rule(0.1, 0.5, settings=slower, numbers=lambda value: {"value": max(0.0, value)}),
    "kl_reference": _Rule(3.0, 8.0, settings=lambda means: {"kl_limit": _round(means["kl_reference"] / 2)}),
    "mismatch": _Rule(1e-4, 1e-3),
}

_FURTHER = ("exact_match", "lr", "entropy_weight", "characters", "length")
"""Further metrics that the judgements use."""

UNAVERAGED_METRICS = ("characters", "length")
"""Metrics whose newest value counts, not their mean: they depend on the batch size, which may just have changed."""

JUDGED = tuple(_RULES)
"""The metrics that are judged, in the order in which a step computes them."""

SIGNAL_METRICS = (*JUDGED, *_FURTHER)
"""The metrics that `signals` uses: their means, or the newest value of those in UNAVERAGED_METRICS."""
