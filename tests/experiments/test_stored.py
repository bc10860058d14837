"""Which stored runs count for an experiment again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pgplay.config.run_config import make_config
from pgplay.errors import coded
from pgplay.experiments.stored import StoredRuns
from pgplay.learning.reports.step_report import StepReport
from pgplay.runs.store import RunStore

SETTINGS = {"target": "hi", "lr": 0.01, "seed": 3}


def store(settings: Mapping[str, Any], state: str, **metrics: float) -> str:
    """Keep a run of two steps in this state, and return its name."""
    config = make_config(settings)
    with RunStore.create(config, "run") as run:
        for step in (1, 2):
            run.record(StepReport(step, step / 2, 64 * step, metrics, (), solved=False))
        run.finish(state, coded("ending.stopped"))
        return run.name


@pytest.mark.parametrize("state", ["solved", "finished"])
def test_an_ended_run_of_the_same_settings_counts_with_its_last_step(state: str) -> None:
    name = store(SETTINGS, state, reward_mean=0.25)
    outcome = StoredRuns().outcome(make_config(SETTINGS))
    assert outcome is not None
    assert outcome.report is not None
    assert (outcome.run, outcome.state, outcome.report.solved) == (name, state, state == "solved")
    assert (outcome.report.step, outcome.report.completions, outcome.report.metrics) == (2, 128, {"reward_mean": 0.25})


@pytest.mark.parametrize("other", [{"seed": 4}, {"lr": 0.02}, {"steps": 10}, {"measure": ["lcs"]}])
def test_a_run_of_other_settings_does_not_count(other: Mapping[str, Any]) -> None:
    store(SETTINGS, "solved")
    assert StoredRuns().outcome(make_config({**SETTINGS, **other})) is None


def test_a_failed_run_is_trained_anew() -> None:
    store(SETTINGS, "failed")
    stored = StoredRuns()
    assert stored.outcome(make_config(SETTINGS)) is None
    assert stored.to_continue(make_config(SETTINGS)) == ""


def test_a_run_whose_settings_were_changed_while_it_ran_does_not_count() -> None:
    name = store(SETTINGS, "solved")
    with RunStore.open(name) as run:
        run.change_event(1, {"lr": 0.02})
    assert StoredRuns().outcome(make_config(SETTINGS)) is None
