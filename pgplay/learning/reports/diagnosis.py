"""What is wrong with a run that stops learning, from its recent metrics."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import fmean

from pgplay.learning.algorithms.table import Kind
from pgplay.learning.reports.signals import METRICS, NEWEST, Signal, signals
from pgplay.learning.reports.step_report import Finding
from pgplay.learning.schedules.entropy_weight import COLLAPSED, LOW

WINDOW = 60
"""Steps that are looked at; nothing is said before so many were made."""

TIED_SHARE = 0.9
STALLED_GAIN = 1e-3
MISMATCH_LIMIT = 1e-3


def diagnose(rows: Sequence[dict[str, float]], kind: Kind = "policy gradient") -> tuple[Finding, ...]:
    """Return what is to be said about a run whose last steps had the metrics `rows`, oldest first.

    Nothing, while all is well: a run whose greedy completions are all exact is, whatever else its numbers say. What
    ends a policy gradient is no harm to the other kinds: targets teach without a signal in the rewards, and a search
    has no entropy to lose.
    """
    if len(rows) < WINDOW or rows[-1].get("exact_match") == 1.0:
        return ()
    recent = rows[-WINDOW:]
    findings = (check(recent) for check in _CHECKS[kind])
    return tuple(finding for finding in findings if finding)


def _mean(rows: Sequence[dict[str, float]], name: str) -> float:
    values = [row[name] for row in rows if name in row]
    return fmean(values) if values else float("nan")


def _no_signal(rows: Sequence[dict[str, float]]) -> Finding | None:
    """All completions of a group earn the same: their advantages are zero."""
    tied = _mean(rows, "tied_groups")
    if not tied > TIED_SHARE:
        return None
    highest = max(row["reward_max"] for row in rows)
    lowest = min(row["reward_min"] for row in rows)
    if highest == lowest:
        networks = 1.0 if "entropy" in rows[-1] else 0.0
        return Finding("no-signal", {"steps": len(rows), "reward": highest, "networks": networks})
    if _mean(rows, "entropy") < LOW:
        return None
    return Finding("tied-rewards", {"tied": tied})


def _collapsed(rows: Sequence[dict[str, float]]) -> Finding | None:
    """The policy always writes the same text, which is not the target."""
    entropy = _mean(rows, "entropy")
    if not (entropy < COLLAPSED and _gain(rows) < STALLED_GAIN):
        return None
    return Finding("collapsed-entropy", {"entropy": entropy}, _signals(rows)["entropy"].settings or {})


def _explores_little(rows: Sequence[dict[str, float]]) -> Finding | None:
    """The policy nearly always writes the same text; it has not collapsed, but the reward does not rise."""
    entropy = _mean(rows, "entropy")
    if not (COLLAPSED <= entropy < LOW and _gain(rows) < STALLED_GAIN):
        return None
    return Finding("low-entropy", {"entropy": entropy}, _signals(rows)["entropy"].settings or {})


def _recovered(rows: Sequence[dict[str, float]]) -> Finding | None:
    """The policy had collapsed, and was taken back."""
    times = rows[-1].get("recoveries", 0.0) - rows[0].get("recoveries", 0.0)
    return Finding("recovered", {"times": times, "steps": len(rows)}) if times else None


def _never_stops(rows: Sequence[dict[str, float]]) -> Finding | None:
    """No completion ends by itself, though entropy is low: the length limit cuts them all."""
    if _mean(rows, "stop_rate") > 0.0 or _mean(rows, "entropy") > 0.5:
        return None
    return Finding("never-stops")


def _too_far(rows: Sequence[dict[str, float]]) -> Finding | None:
    """Each step changes the policy so much that the next one begins somewhere else."""
    signal = _stalled_by(rows, "kl_update")
    return None if signal is None else Finding("steps-too-long", signal.numbers, signal.settings or {})


def _noisy(rows: Sequence[dict[str, float]]) -> Finding | None:
    """The gradient of one half of the batch says nothing about that of the other."""
    signal = _stalled_by(rows, "signal_to_noise")
    if signal is None or _mean(rows, "entropy") < LOW:
        return None
    return Finding("noisy-gradient", signal.numbers, signal.settings or {})


def _means(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    means = {name: _mean(rows, name) for name in METRICS}
    newest = {name: rows[-1][name] for name in NEWEST if name in rows[-1]}
    return {name: value for name, value in means.items() if not math.isnan(value)} | newest


def _signals(rows: Sequence[dict[str, float]]) -> dict[str, Signal]:
    return {signal.metric: signal for signal in signals(_means(rows))}


def _stalled_by(rows: Sequence[dict[str, float]], metric: str) -> Signal | None:
    """Return the signal of `metric` where it is out of range and the reward does not rise."""
    signal = _signals(rows).get(metric)
    return signal if signal is not None and signal.state == "bad" and _gain(rows) <= STALLED_GAIN else None


def _gain(rows: Sequence[dict[str, float]]) -> float:
    """Return by how much the mean reward of the second half lies above that of the first."""
    return _mean(rows[len(rows) // 2 :], "reward_mean") - _mean(rows[: len(rows) // 2], "reward_mean")


def _mismatch(rows: Sequence[dict[str, float]]) -> Finding | None:
    """What is trained is not what was sampled."""
    mismatch = _mean(rows, "mismatch")
    if not mismatch > MISMATCH_LIMIT:
        return None
    return Finding("mismatch", {"mismatch": mismatch})


_CHECKS: dict[Kind, tuple[Callable[[Sequence[dict[str, float]]], Finding | None], ...]] = {
    "policy gradient": (
        _no_signal,
        _collapsed,
        _explores_little,
        _recovered,
        _never_stops,
        _too_far,
        _noisy,
        _mismatch,
    ),
    "cross-entropy": (_mismatch,),
    "search": (_no_signal,),
}
