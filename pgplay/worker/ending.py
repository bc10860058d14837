"""When a run ends, by its config alone."""

from __future__ import annotations

from typing import NamedTuple

from pgplay.config import RunConfig
from pgplay.learning.report import StepReport
from pgplay.worker.protocol import RunState


class Ending(NamedTuple):
    """Why a run ends: the state it is in then, and the reason in words."""

    state: RunState
    message: str


def ending_of(config: RunConfig, steps: int, seconds: float, report: StepReport | None) -> Ending | None:
    """Return why a run ends after `steps` in `seconds` of training, its last `report`; None where it goes on."""
    if report is not None and config.until == "solved" and report.solved:
        return Ending("solved", f"solved in {seconds:.1f} s, {_counted(steps)}")
    if report is not None and config.until.startswith("reward>="):
        wanted = float(config.until.removeprefix("reward>="))
        if report.metrics.get("reward_mean", float("-inf")) >= wanted:
            return Ending("finished", f"mean reward {wanted:g} reached in {seconds:.1f} s, {_counted(steps)}")
    if config.steps is not None and steps >= config.steps:
        return Ending("finished", f"{_counted(steps)} made")
    if config.max_seconds is not None and seconds >= config.max_seconds:
        return Ending("finished", f"{config.max_seconds:g} s of training are over")
    return None


def _counted(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps:,} steps"
