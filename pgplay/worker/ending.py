"""When a run ends, by its config alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from pgplay.config import RunConfig
from pgplay.learning.report import StepReport
from pgplay.worker.records import RunState


class _Goal(NamedTuple):
    metric: str
    words: str


_GOALS = {
    "reward": _Goal("reward_mean", "mean reward"),
    "held_out_reward": _Goal("held_out_reward", "held-out reward"),
    "held_out_exact_match": _Goal("held_out_exact_match", "held-out exact match"),
}
"""What `until` may wait for: its metric, and how it is called in a sentence."""


class Ending(NamedTuple):
    """Why a run ends: the state it is in then, and the reason in words."""

    state: RunState
    message: str


def has_reached(until: str, metrics: Mapping[str, float]) -> bool:
    """Return whether a step with these `metrics` is one that `until`, such as reward>=0.95, waits for."""
    name, _, wanted = until.partition(">=")
    return name in _GOALS and metrics.get(_GOALS[name].metric, -math.inf) >= float(wanted)


def ending_of(config: RunConfig, steps: int, seconds: float, report: StepReport | None) -> Ending | None:
    """Return why a run ends after `steps` in `seconds` of training, its last `report`; None where it goes on."""
    if report is not None and config.until == "solved" and report.solved:
        return Ending("solved", f"solved in {seconds:.1f} s, {_counted(steps)}")
    reason = _reason_to_end(config, steps, seconds, {} if report is None else report.metrics)
    if reason and config.patience is not None:
        reason += "; the policy is the best one that was measured"
    return Ending("finished", reason) if reason else None


def _reason_to_end(config: RunConfig, steps: int, seconds: float, metrics: Mapping[str, float]) -> str:
    """Return what ends a run that is not solved, empty while nothing does."""
    if has_reached(config.until, metrics):
        name, _, wanted = config.until.partition(">=")
        return f"{_GOALS[name].words} {float(wanted):g} reached in {seconds:.1f} s, {_counted(steps)}"
    if config.patience is not None and metrics.get("held_out_waited", 0.0) >= config.patience:
        return f"the held-out reward has not risen for {config.patience} measurements"
    if config.steps is not None and steps >= config.steps:
        return f"{_counted(steps)} made"
    if config.max_seconds is not None and seconds >= config.max_seconds:
        return f"{config.max_seconds:g} s of training are over"
    return ""


def _counted(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps:,} steps"
