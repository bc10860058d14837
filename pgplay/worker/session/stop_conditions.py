"""When a run ends, according to its config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pgplay.config import goals
from pgplay.config.run_config import RunConfig
from pgplay.learning.reports.step_report import StepReport
from pgplay.worker.protocol.records import EndCause, RunState


class Ending(NamedTuple):
    """Why a run ends: the state it is in then, the reason in words, and its code."""

    state: RunState
    message: str
    cause: EndCause


def ending_of(config: RunConfig, steps: int, seconds: float, report: StepReport | None) -> Ending | None:
    """Return why a run ends after `steps` in `seconds` of training, its last `report`; None where it goes on."""
    if report is not None and config.goal.kind == "solved" and report.solved:
        return Ending("solved", f"solved in {seconds:.1f} s, {_counted(steps)}", "solved")
    ending = _unsolved_end(config, steps, seconds, {} if report is None else report.metrics)
    if ending and config.patience is not None:
        return ending._replace(message=f"{ending.message}; the policy is the best one measured")
    return ending


def _unsolved_end(config: RunConfig, steps: int, seconds: float, metrics: Mapping[str, float]) -> Ending | None:
    """Return what ends a run that is not solved, None while nothing does."""
    if goals.reached(config.goal, metrics):
        words, value = goals.METRICS[config.goal.metric].title, config.goal.value
        reason = f"{words} {value:g} reached in {seconds:.1f} s, {_counted(steps)}"
        return Ending("finished", reason, "goal")
    if config.patience is not None and metrics.get("held_out_waited", 0.0) >= config.patience:
        reason = f"the held-out reward has not risen for {config.patience} measurements"
        return Ending("finished", reason, "patience")
    if config.steps is not None and steps >= config.steps:
        return Ending("finished", f"{_counted(steps)} made", "steps")
    if config.max_seconds is not None and seconds >= config.max_seconds:
        return Ending("finished", f"{config.max_seconds:g} s of training reached", "time")
    return None


def _counted(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps:,} steps"
