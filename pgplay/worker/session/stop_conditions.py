"""When a run ends, by its config alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pgplay.config import goals
from pgplay.config.run_config import RunConfig
from pgplay.learning.reports.step_report import StepReport
from pgplay.worker.protocol.records import RunState


class Ending(NamedTuple):
    """Why a run ends: the state it is in then, and the reason in words."""

    state: RunState
    message: str


def ending_of(config: RunConfig, steps: int, seconds: float, report: StepReport | None) -> Ending | None:
    """Return why a run ends after `steps` in `seconds` of training, its last `report`; None where it goes on."""
    if report is not None and config.goal.kind == "solved" and report.solved:
        return Ending("solved", f"solved in {seconds:.1f} s, {_counted(steps)}")
    reason = _reason_to_end(config, steps, seconds, {} if report is None else report.metrics)
    if reason and config.patience is not None:
        reason += "; the policy is the best one that was measured"
    return Ending("finished", reason) if reason else None


def _reason_to_end(config: RunConfig, steps: int, seconds: float, metrics: Mapping[str, float]) -> str:
    """Return what ends a run that is not solved, empty while nothing does."""
    if goals.reached(config.goal, metrics):
        words, value = goals.METRICS[config.goal.metric].title, config.goal.value
        return f"{words} {value:g} reached in {seconds:.1f} s, {_counted(steps)}"
    if config.patience is not None and metrics.get("held_out_waited", 0.0) >= config.patience:
        return f"the held-out reward has not risen for {config.patience} measurements"
    if config.steps is not None and steps >= config.steps:
        return f"{_counted(steps)} made"
    if config.max_seconds is not None and seconds >= config.max_seconds:
        return f"{config.max_seconds:g} s of training are over"
    return ""


def _counted(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps:,} steps"
