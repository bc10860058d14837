"""How far and how fast a run goes: typed goals become commands, paces become words."""

from __future__ import annotations

from pgplay.config import goals
from pgplay.errors import InputError
from pgplay.worker.protocol.commands import Step

TEN = Step(count=10)
PACES = (0.0, 0.1, 0.25, 0.5, 2.0)
"""Minimum seconds per step, from full speed to the slowest."""


def parse_leg(text: str, step: int) -> Step:
    """Return the command for a typed goal such as 'reward 0.9' or 'step 500', in a run at `step`; raises InputError."""
    goal = goals.parse(text)
    match goal.kind:
        case "solved" | "metric":
            return Step(count=None, until=goals.goal_text(goal))
        case "seconds":
            return Step(count=None, seconds=goal.value)
        case "step" | "steps":
            count = int(goal.value) - (step if goal.kind == "step" else 0)
            if count < 1:
                raise InputError("pace.past" if goal.kind == "step" else "pace.no_step", step=step)
            return Step(count=count)
    raise InputError("pace.no_pause", goal=goals.goal_text(goal), examples=goals.EXAMPLES)


def describe_pace(seconds: float) -> str:
    """Return a pace in words, empty at full speed."""
    if not seconds:
        return ""
    return f"slow: {1 / seconds:g} steps/s" if seconds < 1 else f"slow: {seconds:g} s per step"
