"""The findings about a run, from its recent steps: they come and go slowly, and never contradict each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from statistics import fmean
from typing import NamedTuple

from pgplay.learning.algorithms.table import Kind
from pgplay.learning.reports.averages import Average
from pgplay.learning.reports.latch import Band, Latch
from pgplay.learning.reports.metrics import REWARD_METRIC
from pgplay.learning.reports.peaks import BLOCK_STEPS, MEASURE, Drop, Peaks
from pgplay.learning.reports.signals import SIGNAL_METRICS, TIED, UNAVERAGED_METRICS, Signal, band_of, signals, slower
from pgplay.learning.reports.step_report import Finding, StepReport
from pgplay.learning.schedules.entropy_weight import COLLAPSED

WINDOW = 60
"""The number of recent steps that are checked; most findings need at least this many."""

COLLAPSE_WINDOW = 10
"""The number of recent steps that show a collapse: it is sudden, so earlier steps do not count."""

LOOK_INTERVAL = 5
"""Steps from one check to the next."""

QUIET_STEPS = 30
"""Steps without findings after one whose greedy completions were all exact."""

_COLLAPSE = Band(appears=COLLAPSED, leaves=2 * COLLAPSED)
_TIES = Band(appears=TIED, leaves=0.8)
_RISE = Band(appears=0.0, leaves=4.0)
"""The reward's rise from the first half of the window to the second, in standard errors; below it a run is stalled."""
_UNDECIDED = Band(appears=0.5, leaves=0.7)
_STOPS = Band(appears=0.0, leaves=0.02)
_REWARD_LOST = Band(appears=0.2, leaves=0.1)
_MEASURE_LOST = Band(appears=0.1, leaves=0.05)
"""The share of its peak that a series has lost."""
_FALL = Band(appears=6.0, leaves=3.0)
_REWARD_RISE = Band(appears=3.0, leaves=1.0)


class _Recent:
    """The metrics of the newest steps, oldest first, and the run's drops from its peaks: the input of the checks."""

    def __init__(self, rows: Sequence[Mapping[str, float]], drops: Mapping[str, Drop], top_text: str) -> None:
        self.rows = rows
        self.drops = drops
        self.top_text = top_text

    def mean(self, name: str, steps: int = WINDOW) -> float:
        """Return the mean of a metric over the newest `steps`, NaN if none of them has it."""
        values = [row[name] for row in self.rows[-steps:] if name in row]
        return fmean(values) if values else float("nan")

    def rise(self, steps: int = WINDOW) -> float:
        """Return the reward's rise from the first half of the newest `steps` to the second, in standard errors."""
        values = [row[REWARD_METRIC] for row in self.rows[-steps:] if REWARD_METRIC in row]
        half = len(values) // 2
        return Average.of(values[:half]).rise_to(Average.of(values[half:]))

    @cached_property
    def means(self) -> dict[str, float]:
        """The means by metric that signals are judged on."""
        means = {name: self.mean(name) for name in SIGNAL_METRICS}
        newest = {name: self.rows[-1][name] for name in UNAVERAGED_METRICS if name in self.rows[-1]}
        return {name: value for name, value in means.items() if value == value} | newest

    @cached_property
    def signals(self) -> dict[str, Signal]:
        """The signals by metric."""
        return {signal.metric: signal for signal in signals(self.means)}


def _no_signal(recent: _Recent, is_shown: bool) -> Finding | None:
    """All completions have the same reward, so their advantages are zero."""
    tied = recent.mean("tied_groups")
    highest = max(row["reward_max"] for row in recent.rows)
    lowest = min(row["reward_min"] for row in recent.rows)
    if not _TIES.holds(tied, is_shown) or not (is_shown or highest == lowest):
        return None
    networks = 1.0 if "entropy" in recent.rows[-1] else 0.0
    numbers = {"tied": tied, "steps": len(recent.rows), "reward": recent.mean(REWARD_METRIC), "networks": networks}
    return Finding("no-signal", numbers)


def _tied_rewards(recent: _Recent, is_shown: bool) -> Finding | None:
    """Most groups give no signal, though rewards of different groups differ."""
    tied = recent.mean("tied_groups")
    return Finding("tied-rewards", {"tied": tied}) if _TIES.holds(tied, is_shown) else None


def _collapsed(recent: _Recent, is_shown: bool) -> Finding | None:
    """The policy always writes the same text, which is not the target."""
    entropy = recent.mean("entropy", COLLAPSE_WINDOW)
    if not (_COLLAPSE.holds(entropy, is_shown) and _RISE.holds(recent.rise(COLLAPSE_WINDOW), is_shown)):
        return None
    return Finding("collapsed-entropy", {"entropy": entropy}, _entropy_settings(recent))


def _explores_little(recent: _Recent, is_shown: bool) -> Finding | None:
    """The policy nearly always writes the same text, or texts with equal rewards, and the reward does not rise."""
    entropy, limits = recent.mean("entropy"), band_of("entropy")
    is_low = limits.holds(entropy, is_shown) or (
        limits.holds(entropy, is_shown=True) and _TIES.holds(recent.mean("tied_groups"), is_shown)
    )
    if not (is_low and _RISE.holds(recent.rise(), is_shown)):
        return None
    return Finding("low-entropy", {"entropy": entropy}, _entropy_settings(recent))


def _entropy_settings(recent: _Recent) -> dict[str, float]:
    return recent.signals["entropy"].settings or {}


def _recovered(recent: _Recent, is_shown: bool) -> Finding | None:
    """The policy had collapsed, and was moved back towards a fresh network."""
    times = recent.rows[-1].get("recoveries", 0.0) - recent.rows[0].get("recoveries", 0.0)
    return Finding("recovered", {"times": times, "steps": len(recent.rows)}) if times else None


def _never_stops(recent: _Recent, is_shown: bool) -> Finding | None:
    """No completion ends with a stop token although the entropy is low: the length limit cuts all of them off."""
    stops = recent.mean("stop_rate")
    if not (_STOPS.holds(stops, is_shown) and _UNDECIDED.holds(recent.mean("entropy"), is_shown)):
        return None
    return Finding("never-stops", {"cut": 1 - stops})


def _too_far(recent: _Recent, is_shown: bool) -> Finding | None:
    """Each step changes the policy so much that it undoes earlier progress."""
    signal = _stalled_by(recent, "kl_update", is_shown)
    return None if signal is None else Finding("steps-too-long", signal.numbers, signal.settings or {})


def _noisy(recent: _Recent, is_shown: bool) -> Finding | None:
    """The gradients of the two halves of the batch do not agree."""
    signal = _stalled_by(recent, "signal_to_noise", is_shown)
    return None if signal is None else Finding("noisy-gradient", signal.numbers, signal.settings or {})


def _stalled_by(recent: _Recent, metric: str, is_shown: bool) -> Signal | None:
    """Return the signal of `metric` if it is out of range and the reward does not rise."""
    signal = recent.signals.get(metric)
    if signal is None or signal.state == "fine":
        return None
    return signal if band_of(metric).holds(signal.value, is_shown) and _RISE.holds(recent.rise(), is_shown) else None


def _falling_reward(recent: _Recent, is_shown: bool) -> Finding | None:
    """The reward is clearly below its peak."""
    drop = recent.drops.get(REWARD_METRIC)
    if drop is None or not _has_fallen(drop, _REWARD_LOST, is_shown):
        return None
    numbers = {"peak": drop.peak.value.mean, "step": drop.peak.step, "now": drop.value.mean}
    return Finding("falling-reward", numbers, slower(recent.means) or {})


def _falling_measure(recent: _Recent, is_shown: bool) -> Finding | None:
    """A measure falls while the reward, its proxy, rises (Goodhart's law)."""
    fallen = {
        name: drop
        for name, drop in recent.drops.items()
        if name != REWARD_METRIC
        and _has_fallen(drop, _MEASURE_LOST, is_shown)
        and _REWARD_RISE.holds(drop.reward_rise, is_shown)
    }
    if not fallen:
        return None
    name, drop = max(fallen.items(), key=lambda item: item[1].share)
    numbers = {"step": drop.peak.step, "peak": drop.peak.value.mean, "now": drop.value.mean}
    numbers |= {"reward_before": drop.peak.reward.mean, "reward": drop.reward.mean}
    names = {"measure": name.removeprefix(MEASURE), "text": recent.top_text}
    return Finding("falling-measure", numbers, names=names)


def _has_fallen(drop: Drop, lost: Band, is_shown: bool) -> bool:
    return lost.holds(drop.share, is_shown) and _FALL.holds(drop.fall, is_shown)


def _mismatch(recent: _Recent, is_shown: bool) -> Finding | None:
    """Training and sampling disagree about the log-probabilities."""
    mismatch = recent.mean("mismatch")
    return Finding("mismatch", {"mismatch": mismatch}) if band_of("mismatch").holds(mismatch, is_shown) else None


class _Rule(NamedTuple):
    """The check for a finding, the steps that it needs, and the findings that it excludes as they have other causes."""

    check: Callable[[_Recent, bool], Finding | None]
    excludes: tuple[str, ...] = ()
    steps: int = WINDOW


_STANDS_STILL = ("low-entropy", "steps-too-long", "noisy-gradient")
_EQUAL_REWARDS = ("no-signal", "tied-rewards", "noisy-gradient")

_RULES = {
    "recovered": _Rule(_recovered, ("falling-reward", "falling-measure")),
    "falling-measure": _Rule(
        _falling_measure, ("falling-reward", *_EQUAL_REWARDS, *_STANDS_STILL), 3 * BLOCK_STEPS
    ),
    "collapsed-entropy": _Rule(
        _collapsed, (*_EQUAL_REWARDS, *_STANDS_STILL, "never-stops"), COLLAPSE_WINDOW
    ),
    "falling-reward": _Rule(_falling_reward, (), 3 * BLOCK_STEPS),
    "low-entropy": _Rule(_explores_little, _EQUAL_REWARDS),
    "no-signal": _Rule(_no_signal, ("tied-rewards", "noisy-gradient", "steps-too-long")),
    "tied-rewards": _Rule(_tied_rewards, ("noisy-gradient",)),
    "never-stops": _Rule(_never_stops),
    "steps-too-long": _Rule(_too_far),
    "noisy-gradient": _Rule(_noisy),
    "mismatch": _Rule(_mismatch),
}
"""The most important first; each excludes only what comes after it."""

_KINDS: dict[Kind, tuple[str, ...]] = {
    "policy gradient": tuple(_RULES),
    "cross-entropy": ("mismatch",),
    "search": ("no-signal",),
}
"""The findings that do not apply to an algorithm's kind: targets teach without rewards, a search has no entropy."""


class Diagnosis:
    """Takes in every step of a run; its findings depend on the steps alone, not on when they are asked for.

    It has none while all is well: a run whose greedy completions are all exact is, whatever its other metrics are.
    """

    def __init__(self, kind: Kind = "policy gradient") -> None:
        self._rows: deque[Mapping[str, float]] = deque(maxlen=WINDOW)
        self._peaks = Peaks()
        self._latches = {name: Latch() for name in _KINDS[kind]}
        self._quiet_until = 0
        self._step = 0

    def add(self, report: StepReport) -> None:
        """Take in the next step."""
        metrics = report.metrics
        if self._rows and metrics.get("recoveries", 0.0) > self._rows[-1].get("recoveries", 0.0):
            self._peaks = Peaks()
        self._rows.append(metrics)
        self._peaks.add(report.step, metrics)
        self._step += 1
        if metrics.get("exact_match") == 1.0:
            self._quiet_until = self._step + QUIET_STEPS
        if self._step % LOOK_INTERVAL == 0:
            self._look(report)

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings, the most important first; a finding excludes those that would contradict it."""
        if self._step < self._quiet_until:
            return ()
        shown: dict[str, Finding] = {}
        for name, latch in self._latches.items():
            if latch.finding and not any(name in _RULES[other].excludes for other in shown):
                shown[name] = latch.finding
        return tuple(shown.values())

    def _look(self, report: StepReport) -> None:
        top_text = next((sample.text for sample in report.samples if sample.role == "top"), "")
        recent = _Recent(tuple(self._rows), self._peaks.drops(), top_text)
        for name, latch in self._latches.items():
            if len(self._rows) >= _RULES[name].steps:
                latch.look(_RULES[name].check(recent, latch.finding is not None))
