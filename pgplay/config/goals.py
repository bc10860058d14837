"""Goals: the words for how far a run goes, such as solved, reward>=0.95, step 500 or 5 min.

What a recipe's `until` says and what a person types for the next leg of a run are one language, read and written here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from pgplay.errors import InputError, shown

Kind = Literal["solved", "never", "metric", "step", "steps", "seconds"]


class Goal(NamedTuple):
    """One goal: its kind, the `metric` that is to reach `value`, or the count of steps or seconds in `value`."""

    kind: Kind
    metric: str = ""
    value: float = 0.0


class Metric(NamedTuple):
    """A metric that can be a goal: its name among a step's metrics, its words in a sentence, the most it can be."""

    metric: str
    words: str
    highest: float = math.inf


METRICS = {
    "reward": Metric("reward_mean", "mean reward"),
    "held_out_reward": Metric("held_out_reward", "held-out reward"),
    "held_out_exact_match": Metric("held_out_exact_match", "held-out exact match", 1.0),
}
"""What a goal may wait for, by the name it has in a goal."""

ENDINGS = "solved, never, reward>=0.95, held_out_reward>=0.9 or held_out_exact_match>=0.97"
"""The goals that a run may end at, by examples."""

EXAMPLES = "solved · reward 0.9 · step 500 · 10 steps · 30 s · 5 min"
"""The goals of a leg, by examples."""

MOST_STEPS = 10**9
_LONGEST = 200
"""Characters of a goal that are read; far more than any number that differs from its neighbour needs."""

_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?"
_METRIC = re.compile(rf"({'|'.join(METRICS)})\s*(?:>=|\s)\s*({_NUMBER})")
_STEP = re.compile(r"step\s*([0-9]+)")
_STEPS = re.compile(r"\+?\s*([0-9]+)\s*(?:more\s*)?(?:steps?)?")
_TIME = re.compile(rf"({_NUMBER})\s*(s|sec|seconds?|min|minutes?)")


def parse(text: str) -> Goal:
    """Return the goal that `text` says, in any case and spacing; raises InputError."""
    words = text.strip().lower()
    if len(words) <= _LONGEST:
        if words == "solved":
            return Goal("solved")
        if words == "never":
            return Goal("never")
        if match := _METRIC.fullmatch(words):
            return Goal("metric", match[1], _finite(text, match[2]))
        if match := _STEP.fullmatch(words):
            return Goal("step", value=_count(text, match[1]))
        if match := _STEPS.fullmatch(words):
            return Goal("steps", value=_count(text, match[1]))
        if match := _TIME.fullmatch(words):
            seconds = _finite(text, match[1]) * (60 if match[2].startswith("m") else 1)
            if not 0 < seconds < math.inf:
                raise InputError(f"{shown(text)} is no time to wait.", "Give a number above 0.")
            return Goal("seconds", value=seconds)
    raise InputError(f"{shown(text)} is no goal.", f"It is one of: {EXAMPLES}.")


def parse_ending(text: str) -> Goal:
    """Return the goal that ends a run; raises InputError for one that only a leg can have, and for what is none."""
    try:
        goal = parse(text)
    except InputError as error:
        raise InputError(f"until cannot be {shown(text)}.", f"It is {ENDINGS}.", field="until") from error
    if goal.kind in ("step", "steps"):
        remedy = f"For steps, set steps={goal.value:.0f} instead."
        raise InputError(f"until cannot be {shown(text)}.", remedy, field="until")
    if goal.kind == "seconds":
        remedy = f"For a time, set max_seconds={goal.value:g} instead."
        raise InputError(f"until cannot be {shown(text)}.", remedy, field="until")
    return goal


def describe(goal: Goal) -> str:
    """Return `goal` as the text that `parse` takes back."""
    match goal.kind:
        case "metric":
            return f"{goal.metric}>={number(goal.value)}"
        case "step":
            return f"step {goal.value:.0f}"
        case "steps":
            return f"{goal.value:.0f} steps"
        case "seconds":
            return f"{number(goal.value)} s"
    return goal.kind


def reached(goal: Goal, metrics: Mapping[str, float], *, solved: bool = False) -> bool:
    """Return whether a step with these `metrics`, which has or has not `solved` the task, is at `goal`.

    Counts of steps and seconds are for whoever counts them; to no step alone they are reached.
    """
    if goal.kind == "solved":
        return solved
    return goal.kind == "metric" and metrics.get(METRICS[goal.metric].metric, -math.inf) >= goal.value


def check_reachable(goal: Goal, highest_reward: float, reward: str) -> None:
    """Refuse a goal above all that the `reward`, of which nothing exceeds `highest_reward`, can give."""
    if goal.kind != "metric":
        return
    highest = min(METRICS[goal.metric].highest, highest_reward if goal.metric.endswith("reward") else math.inf)
    if goal.value > highest + 1e-9 * max(1.0, abs(highest)):
        what = f"the reward {shown(reward)}" if goal.metric.endswith("reward") else METRICS[goal.metric].words
        raise InputError(
            f"{describe(goal)} is never reached: {what} is at most {number(highest)}.",
            f"Choose a goal up to {goal.metric}>={number(highest)}.",
            field="until",
        )


def number(value: float) -> str:
    """Return `value` as shortly as it can be written and read back."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _finite(text: str, digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise InputError(f"The number in {shown(text)} is too large.", "Give a smaller one.")
    return value


def _count(text: str, digits: str) -> int:
    count = int(digits)
    if count > MOST_STEPS:
        raise InputError(f"{shown(text)} is too many steps.", f"Give at most {MOST_STEPS:,}.")
    return count
