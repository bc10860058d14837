"""The learning signal's health: each of its numbers judged, with what it means, what to try, and the change to make.

`learning.diagnosis` speaks up when a run has stopped learning; this says at any time how the signal stands. Limits are
rules of thumb from the runs in which this program was tuned: they say where to look, not what is true.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

State = Literal["fine", "watch", "bad"]

RECENT_STEPS = 30
"""Steps whose mean is judged: long enough to still the noise, short enough to follow the run."""


class Signal(NamedTuple):
    """One number of the learning signal; `settings` are the live changes that follow the advice, None where none do."""

    metric: str
    value: float
    state: State
    meaning: str
    advice: str = ""
    settings: dict[str, Any] | None = None


Means = Mapping[str, float]
"""The metrics' means over the recent steps, by name; a metric that was not told is absent."""


def signals(means: Means) -> tuple[Signal, ...]:
    """Return the signals that `means` tell of, in the order in which a step makes them.

    A run whose greedy completions are all exact is judged fine: it needs no signal any more.
    """
    found = [judge(means) for metric, judge in _JUDGES.items() if metric in means]
    if means.get("exact_match") == 1.0:
        found = [one._replace(state="fine", advice="", settings=None) for one in found]
    return tuple(found)


def _state(value: float, watch: float, bad: float) -> State:
    """Return how `value` stands between two limits; it gets worse from `watch` towards `bad`, in either direction."""
    if bad < watch:
        value, watch, bad = -value, -watch, -bad
    return "bad" if value >= bad else "watch" if value >= watch else "fine"


def _ties(means: Means) -> Signal:
    value = means["tied_groups"]
    meaning = f"{value:.0%} of the groups teach nothing: all their rewards are equal"
    if (state := _state(value, 0.5, 0.9)) == "fine":
        return Signal("tied_groups", value, state, meaning)
    advice = "a reward with finer steps, or a higher temperature so that completions differ"
    return Signal("tied_groups", value, state, meaning, advice)


def _stops(means: Means) -> Signal:
    value = means["stop_rate"]
    meaning = f"{value:.0%} of the completions end by themselves, the others at the limit"
    early = means.get("entropy", 0.0) > 1.0  # a policy that has learnt nothing yet stops by chance
    state: State = "fine" if early else _state(value, 0.5, 0.05)
    advice = "" if state == "fine" else "a reward that charges for extra characters, such as levenshtein"
    return Signal("stop_rate", value, state, meaning, advice)


def _entropy(means: Means) -> Signal:
    value = means["entropy"]
    meaning = f"it hesitates as between {math.exp(min(50.0, value)):.1f} tokens"
    if (state := _state(value, 0.1, 0.02)) == "fine":
        return Signal("entropy", value, state, meaning)
    meaning += ": it hardly tries anything new"
    weight = means.get("entropy_weight", 0.0)
    settings = {"entropy": _round(2 * weight)} if weight > 0 else {"entropy": 0.05}
    return Signal("entropy", value, state, meaning, "a larger weight of entropy keeps it trying", settings)


def _noise(means: Means) -> Signal:
    value = means["signal_to_noise"]
    meaning = f"two halves of the batch agree by a cosine of {value:.2f}"
    if (state := _state(value, 0.1, 0.02)) == "fine":
        return Signal("signal_to_noise", value, state, meaning)
    batch = round(means["characters"] / means["length"]) if means.get("length") else 0
    settings = {"batch_size": 2 * batch} if batch else None
    return Signal("signal_to_noise", value, state, meaning + ": mostly noise", "more completions a step", settings)


def _clipped(means: Means) -> Signal:
    value = means["clip_share"]
    meaning = f"{value:.0%} of the tokens reached the limit of their ratio"
    if (state := _state(value, 0.3, 0.6)) == "fine":
        return Signal("clip_share", value, state, meaning)
    return Signal("clip_share", value, state, meaning, "shorter steps: a lower learning rate", _slower(means))


def _update(means: Means) -> Signal:
    value = means["kl_update"]
    meaning = f"one step changes the policy by {value:.2g} nats a token"
    if (state := _state(value, 0.1, 0.5)) == "fine":
        return Signal("kl_update", value, state, meaning)
    return Signal("kl_update", value, state, meaning, "shorter steps: a lower learning rate", _slower(means))


def _reference(means: Means) -> Signal:
    value = means["kl_reference"]
    meaning = f"it is {value:.2g} nats a token away from its reference"
    state = _state(value, 3.0, 8.0)
    advice = "" if state == "fine" else "a limit to the divergence (kl_limit), if it is to stay near"
    return Signal("kl_reference", value, state, meaning, advice)


def _mismatch(means: Means) -> Signal:
    value = means["mismatch"]
    state = _state(value, 1e-4, 1e-3)
    meaning = f"learnt and drawn differ by {value:.1g} nats; 1e-6 is right"
    return Signal("mismatch", value, state, meaning, "" if state == "fine" else "device cpu; it is a defect: report it")


def _slower(means: Means) -> dict[str, Any] | None:
    return {"lr": _round(means["lr"] / 2)} if means.get("lr") else None


def _round(value: float) -> float:
    return float(f"{value:.2g}")


_FURTHER = ("exact_match", "lr", "entropy_weight", "characters", "length")
"""Further metrics that the judgements go by."""

_JUDGES: dict[str, Callable[[Means], Signal]] = {
    "tied_groups": _ties,
    "entropy": _entropy,
    "stop_rate": _stops,
    "clip_share": _clipped,
    "signal_to_noise": _noise,
    "kl_update": _update,
    "kl_reference": _reference,
    "mismatch": _mismatch,
}

JUDGED = tuple(_JUDGES)
"""The metrics that are judged, in the order in which a step makes them."""

METRICS = (*JUDGED, *_FURTHER)
"""The metrics whose means `signals` goes by."""
