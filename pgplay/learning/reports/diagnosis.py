"""What is to be said about a run, from its steps: findings that come and go slowly, and never contradict each other."""

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
"""Steps that are looked at; most is said only after so many were made."""

COLLAPSE_WINDOW = 10
"""Steps that show a collapse: it is sudden, and what came before it says nothing about it."""

LOOK_INTERVAL = 5
"""Steps from one look to the next."""

QUIET_STEPS = 30
"""Steps for which nothing is said after one whose greedy completions were all exact."""

_COLLAPSE = Band(appears=COLLAPSED, leaves=2 * COLLAPSED)
_TIES = Band(appears=TIED, leaves=0.8)
_RISE = Band(appears=0.0, leaves=4.0)
"""The reward's rise from one half of the window to the other, in standard errors; below it a run stands still."""
_UNDECIDED = Band(appears=0.5, leaves=0.7)
_STOPS = Band(appears=0.0, leaves=0.02)
_REWARD_LOST = Band(appears=0.2, leaves=0.1)
_MEASURE_LOST = Band(appears=0.1, leaves=0.05)
"""The share of its peak that a series has lost."""
_FALL = Band(appears=6.0, leaves=3.0)
_REWARD_RISE = Band(appears=3.0, leaves=1.0)


class _Recent:
    """The metrics of the newest steps, oldest first, and the run's peaks, as the checks look at them."""

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
        """The means that signals are judged by."""
        means = {name: self.mean(name) for name in SIGNAL_METRICS}
        newest = {name: self.rows[-1][name] for name in UNAVERAGED_METRICS if name in self.rows[-1]}
        return {name: value for name, value in means.items() if value == value} | newest

    @cached_property
    def signals(self) -> dict[str, Signal]:
        """The signals by metric."""
        return {signal.metric: signal for signal in signals(self.means)}


def _no_signal(recent: _Recent, said: bool) -> Finding | None:
    """All completions earn the same: their advantages are zero."""
    tied = recent.mean("tied_groups")
    highest = max(row["reward_max"] for row in recent.rows)
    lowest = min(row["reward_min"] for row in recent.rows)
    if not _TIES.holds(tied, said) or not (said or highest == lowest):
        return None
    networks = 1.0 if "entropy" in recent.rows[-1] else 0.0
    numbers = {"tied": tied, "steps": len(recent.rows), "reward": recent.mean(REWARD_METRIC), "networks": networks}
    return Finding("no-signal", numbers)


def _tied_rewards(recent: _Recent, said: bool) -> Finding | None:
    """Most groups give no signal, though rewards of different groups differ."""
    tied = recent.mean("tied_groups")
    return Finding("tied-rewards", {"tied": tied}) if _TIES.holds(tied, said) else None


def _collapsed(recent: _Recent, said: bool) -> Finding | None:
    """The policy always writes the same text, which is not the target."""
    entropy = recent.mean("entropy", COLLAPSE_WINDOW)
    if not (_COLLAPSE.holds(entropy, said) and _RISE.holds(recent.rise(COLLAPSE_WINDOW), said)):
        return None
    return Finding("collapsed-entropy", {"entropy": entropy}, _entropy_settings(recent))


def _explores_little(recent: _Recent, said: bool) -> Finding | None:
    """The policy nearly always writes the same text, or texts with equal rewards, and the reward does not rise."""
    entropy, limits = recent.mean("entropy"), band_of("entropy")
    is_low = limits.holds(entropy, said) or (
        limits.holds(entropy, said=True) and _TIES.holds(recent.mean("tied_groups"), said)
    )
    if not (is_low and _RISE.holds(recent.rise(), said)):
        return None
    return Finding("low-entropy", {"entropy": entropy}, _entropy_settings(recent))


def _entropy_settings(recent: _Recent) -> dict[str, float]:
    return recent.signals["entropy"].settings or {}


def _recovered(recent: _Recent, said: bool) -> Finding | None:
    """The policy had collapsed, and was taken back."""
    times = recent.rows[-1].get("recoveries", 0.0) - recent.rows[0].get("recoveries", 0.0)
    return Finding("recovered", {"times": times, "steps": len(recent.rows)}) if times else None


def _never_stops(recent: _Recent, said: bool) -> Finding | None:
    """No completion ends by itself, though entropy is low: the length limit cuts them all."""
    stops = recent.mean("stop_rate")
    if not (_STOPS.holds(stops, said) and _UNDECIDED.holds(recent.mean("entropy"), said)):
        return None
    return Finding("never-stops", {"cut": 1 - stops})


def _too_far(recent: _Recent, said: bool) -> Finding | None:
    """Each step changes the policy so much that the next one begins somewhere else."""
    signal = _stalled_by(recent, "kl_update", said)
    return None if signal is None else Finding("steps-too-long", signal.numbers, signal.settings or {})


def _noisy(recent: _Recent, said: bool) -> Finding | None:
    """The gradient of one half of the batch says nothing about that of the other."""
    signal = _stalled_by(recent, "signal_to_noise", said)
    return None if signal is None else Finding("noisy-gradient", signal.numbers, signal.settings or {})


def _stalled_by(recent: _Recent, metric: str, said: bool) -> Signal | None:
    """Return the signal of `metric` where it is out of range and the reward does not rise."""
    signal = recent.signals.get(metric)
    if signal is None or signal.state == "fine":
        return None
    return signal if band_of(metric).holds(signal.value, said) and _RISE.holds(recent.rise(), said) else None


def _falling_reward(recent: _Recent, said: bool) -> Finding | None:
    """The reward has been clearly higher."""
    drop = recent.drops.get(REWARD_METRIC)
    if drop is None or not _has_fallen(drop, _REWARD_LOST, said):
        return None
    numbers = {"peak": drop.peak.value.mean, "step": drop.peak.step, "now": drop.value.mean}
    return Finding("falling-reward", numbers, slower(recent.means) or {})


def _falling_measure(recent: _Recent, said: bool) -> Finding | None:
    """What was meant gets worse as the reward, its proxy, rises (Goodhart's law)."""
    fallen = {
        name: drop
        for name, drop in recent.drops.items()
        if name != REWARD_METRIC
        and _has_fallen(drop, _MEASURE_LOST, said)
        and _REWARD_RISE.holds(drop.reward_rise, said)
    }
    if not fallen:
        return None
    name, drop = max(fallen.items(), key=lambda item: item[1].share)
    numbers = {"step": drop.peak.step, "peak": drop.peak.value.mean, "now": drop.value.mean}
    numbers |= {"reward_before": drop.peak.reward.mean, "reward": drop.reward.mean}
    names = {"measure": name.removeprefix(MEASURE), "text": recent.top_text}
    return Finding("falling-measure", numbers, names=names)


def _has_fallen(drop: Drop, lost: Band, said: bool) -> bool:
    return lost.holds(drop.share, said) and _FALL.holds(drop.fall, said)


def _mismatch(recent: _Recent, said: bool) -> Finding | None:
    """What is trained is not what was sampled."""
    mismatch = recent.mean("mismatch")
    return Finding("mismatch", {"mismatch": mismatch}) if band_of("mismatch").holds(mismatch, said) else None


class _Rule(NamedTuple):
    """How a finding is looked for, after how many steps, and what is then not said: its causes lie elsewhere."""

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
"""The most telling first; each excludes only what comes after it."""

_KINDS: dict[Kind, tuple[str, ...]] = {
    "policy gradient": tuple(_RULES),
    "cross-entropy": ("mismatch",),
    "search": ("no-signal",),
}
"""What ends a policy gradient is no harm to the others: targets teach without rewards, a search has no entropy."""


class Diagnosis:
    """Takes in every step of a run; what it finds depends on the steps alone, not on when it is asked.

    It says nothing while all is well: a run whose greedy completions are all exact is, whatever else its numbers say.
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
        """Return what is to be said, the most telling first; a finding excludes those that would contradict it."""
        if self._step < self._quiet_until:
            return ()
        said: dict[str, Finding] = {}
        for name, latch in self._latches.items():
            if latch.finding and not any(name in _RULES[other].excludes for other in said):
                said[name] = latch.finding
        return tuple(said.values())

    def _look(self, report: StepReport) -> None:
        top_text = next((sample.text for sample in report.samples if sample.role == "top"), "")
        recent = _Recent(tuple(self._rows), self._peaks.drops(), top_text)
        for name, latch in self._latches.items():
            if len(self._rows) >= _RULES[name].steps:
                latch.look(_RULES[name].check(recent, latch.finding is not None))
