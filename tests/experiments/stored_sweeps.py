"""Stored sweeps as their training leaves them, made without any, for tests of what reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pgplay.config.run_config import make_config
from pgplay.errors import coded
from pgplay.experiments.sweeps import Sweep, create_sweep
from pgplay.learning.reports.step_report import StepReport
from pgplay.runs.store import RunStore
from tests.experiments.made import entries

ROWS: tuple[dict[str, Any], ...] = (
    {"target": "hi", "algorithm": "grpo", "steps": 50},
    {"target": "hi", "algorithm": "rloo", "steps": 50},
)


def store_sweep(rows: Sequence[dict[str, Any]] = ROWS, seeds: Iterable[int] = range(3), ranked_by: str = "") -> Sweep:
    """Store a sweep of which nothing is trained yet."""
    return create_sweep(entries(*rows), [list(seeds)], ranked_by or "completions")


def store_seed(
    sweep: Sweep,
    row: int,
    seed: int,
    state: str = "solved",
    *,
    steps: int = 2,
    measure: str = "",
    values: Iterable[float] = (),
    **extra: float,
) -> str:
    """Store a run of `sweep` after `steps` steps of 64 completions; `values` are those of `measure` at each step."""
    config = make_config({"seed": seed}, sweep.entries[row].config)
    course = dict(zip(range(1, steps + 1), values, strict=False))
    with RunStore.create(config, f"{sweep.name}-{row}-{seed}-{state}", sweep=sweep.plan.identity) as run:
        for step in range(1, steps + 1):
            metrics = {"reward_mean": step / steps, **extra}
            if measure:
                metrics[f"measure:{measure}"] = course[step]
            run.record(StepReport(step, step / 10, 64 * step, metrics, (), solved=state == "solved" and step == steps))
        if state != "training":
            run.finish(state, coded("ending.stopped"))
        return run.name

