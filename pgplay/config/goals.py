"""Goals: how far a run continues, such as solved, reward>=0.95, step 500 or 5 min.

The setting `until`, which ends a run, and "run until" in the app, which pauses it, are written in this language.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from pgplay.errors import InputError

GoalKind = Literal["solved", "never", "metric", "step", "steps", "seconds"]


class Goal(NamedTuple):
    """A goal: its kind, and the `value` that `metric` must reach, or a number of steps or seconds."""

    kind: GoalKind
    metric: str = ""
    value: float = 0.0


class GoalMetric(NamedTuple):
    """A metric that a goal can use: its name among a step's metrics, its name in a sentence, its maximum."""

    metric: str
    title: str
    highest: float = math.inf


GOAL_METRICS = {
    "reward": GoalMetric("reward_mean", "mean reward"),
    "held_out_reward": GoalMetric("held_out_reward", "held-out reward"),
    "held_out_exact_match": GoalMetric("held_out_exact_match", "held-out exact match", 1.0),
}
"""The metrics that a goal can use, by their names in a goal."""

EXAMPLES = "solved · reward 0.9 · step 500 · 10 steps · 30 s · 5 min"
"""Examples of goals that pause a run."""

MOST_STEPS = 10**9
_LONGEST = 200
"""Most characters of a goal."""

_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?"
_METRIC = re.compile(rf"({'|'.join(GOAL_METRICS)})\s*(?:>=|\s)\s*({_NUMBER})")
_STEP = re.compile(r"step\s*([0-9]+)")
_STEPS = re.compile(r"\+?\s*([0-9]+)\s*(?:more\s*)?(?:steps?)?")
_TIME = re.compile(rf"({_NUMBER})\s*(s|sec|seconds?|min|minutes?)")


def parse(text: str) -> Goal:
    """Return the goal that `text` names, in any case and spacing; raises InputError."""
    goal = text.strip().lower()
    if len(goal) <= _LONGEST:
        if goal == "solved":
            return Goal("solved")
        if goal == "never":
            return Goal("never")
        if match := _METRIC.fullmatch(goal):
            return Goal("metric", match[1], _finite(text, match[2]))
        if match := _STEP.fullmatch(goal):
            return Goal("step", value=_count(text, match[1]))
        if match := _STEPS.fullmatch(goal):
            return Goal("steps", value=_count(text, match[1]))
        if match := _TIME.fullmatch(goal):
            seconds = _finite(text, match[1]) * (60 if match[2].startswith("m") else 1)
            if not 0 < seconds < math.inf:
                raise InputError("goal.duration", text=text)
            return Goal("seconds", value=seconds)
    raise InputError("goal.unknown", text=text, examples=EXAMPLES)


def parse_ending(text: str) -> Goal:
    """Return the goal that ends a run; raises InputError for any other text, and for steps and seconds."""
    try:
        goal = parse(text)
    except InputError as error:
        raise InputError("until.unknown", field="until", text=text) from error
    if goal.kind in ("step", "steps", "seconds"):
        code = "until.seconds" if goal.kind == "seconds" else "until.steps"
        raise InputError(code, field="until", text=text, value=goal.value)
    return goal


def goal_text(goal: Goal) -> str:
    """Return `goal` as text that `parse` reads."""
    match goal.kind:
        case "metric":
            return f"{goal.metric}>={shortest_number(goal.value)}"
        case "step":
            return f"step {goal.value:.0f}"
        case "steps":
            return f"{goal.value:.0f} steps"
        case "seconds":
            return f"{shortest_number(goal.value)} s"
    return goal.kind


def reached(goal: Goal, metrics: Mapping[str, float], *, solved: bool = False) -> bool:
    """Return whether a step with these `metrics`, `solved` or not, reaches `goal`.

    Goals in steps or seconds are never reached here: the caller counts those.
    """
    if goal.kind == "solved":
        return solved
    return goal.kind == "metric" and metrics.get(GOAL_METRICS[goal.metric].metric, -math.inf) >= goal.value


def check_reachable(goal: Goal, highest_reward: float, reward: str) -> None:
    """Refuse a goal that the `reward`, at most `highest_reward`, can never reach."""
    if goal.kind != "metric":
        return
    highest = min(GOAL_METRICS[goal.metric].highest, highest_reward if goal.metric.endswith("reward") else math.inf)
    if goal.value > highest + 1e-9 * max(1.0, abs(highest)):
        raise InputError(
            "goal.out_of_reach" if goal.metric.endswith("reward") else "goal.metric_out_of_reach",
            field="until",
            goal=goal_text(goal),
            metric=goal.metric,
            measured=reward if goal.metric.endswith("reward") else GOAL_METRICS[goal.metric].title,
            highest=shortest_number(highest),
        )


def shortest_number(value: float) -> str:
    """Return the shortest text for `value` that reads back as the same number."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _finite(text: str, digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise InputError("goal.too_large", text=text)
    return value


def _count(text: str, digits: str) -> int:
    count = int(digits)
    if count > MOST_STEPS:
        raise InputError("goal.too_many_steps", text=text, most=MOST_STEPS)
    return count
