"""When a run ends, according to its config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pgplay.config import goals
from pgplay.config.run_config import RunConfig
from pgplay.errors import coded
from pgplay.learning.reports.step_report import StepReport
from pgplay.locale.catalog import Coded
from pgplay.worker.protocol.records import EndCause, RunState


class Ending(NamedTuple):
    """Why a run ends: the state it is in then, the reason with its numbers, and the kind of reason."""

    state: RunState
    reason: Coded
    cause: EndCause


def ending_of(config: RunConfig, steps: int, seconds: float, report: StepReport | None) -> Ending | None:
    """Return why a run ends after `steps` in `seconds` of training, its last `report`; None while it continues."""
    if report is not None and config.goal.kind == "solved" and report.solved:
        return Ending("solved", coded("ending.solved", seconds=seconds, steps=steps), "solved")
    ending = _unsolved_end(config, steps, seconds, {} if report is None else report.metrics)
    if ending and config.patience is not None:
        return ending._replace(reason=coded("ending.best_kept", reason=ending.reason))
    return ending


def _unsolved_end(config: RunConfig, steps: int, seconds: float, metrics: Mapping[str, float]) -> Ending | None:
    """Return why an unsolved run ends, None while it continues."""
    if goals.reached(config.goal, metrics):
        title, value = goals.GOAL_METRICS[config.goal.metric].title, config.goal.value
        return Ending("finished", coded("ending.goal", title=title, value=value, seconds=seconds, steps=steps), "goal")
    if config.patience is not None and metrics.get("held_out_waited", 0.0) >= config.patience:
        return Ending("finished", coded("ending.patience", patience=config.patience), "patience")
    if config.steps is not None and steps >= config.steps:
        return Ending("finished", coded("ending.steps", steps=steps), "steps")
    if config.max_seconds is not None and seconds >= config.max_seconds:
        return Ending("finished", coded("ending.time", seconds=config.max_seconds), "time")
    return None
