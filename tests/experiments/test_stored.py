"""Which stored runs count for an experiment again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pgplay.config.run_config import make_config, to_settings
from pgplay.errors import coded
from pgplay.experiments.stored import StoredRuns, can_continue, run_key, stored_outcome
from pgplay.learning.reports.step_report import StepReport
from pgplay.runs.store import RunStore
from pgplay.runs.summaries import RunSummary, list_runs

SETTINGS = {"target": "hi", "lr": 0.01, "seed": 3}


def store(settings: Mapping[str, Any], state: str, sweep: str = "", **metrics: float) -> str:
    """Keep a run of two steps in this state, and return its name."""
    config = make_config(settings)
    with RunStore.create(config, sweep=sweep) as run:
        for step in (1, 2):
            run.record(StepReport(step, step / 2, 64 * step, metrics, (), solved=False))
        run.finish(state, coded("ending.stopped"))
        return run.name


def counted(settings: Mapping[str, Any], *, takes_others: bool = True, has_python: bool = False) -> RunSummary | None:
    """Return the run that counts for `settings` in the sweep `ours`."""
    stored = StoredRuns(list_runs(), "ours", takes_others=takes_others)
    return stored.run_of(run_key(to_settings(make_config(settings))), has_python=has_python)


@pytest.mark.parametrize("state", ["solved", "finished"])
def test_an_ended_run_of_the_same_settings_counts_with_its_last_step(state: str) -> None:
    name = store(SETTINGS, state, reward_mean=0.25)
    run = counted(SETTINGS)
    assert run is not None
    outcome = stored_outcome(run.name)
    assert outcome.report is not None
    assert (outcome.run, outcome.state, outcome.report.solved) == (name, state, state == "solved")
    assert (outcome.report.step, outcome.report.completions, outcome.report.metrics) == (2, 128, {"reward_mean": 0.25})


@pytest.mark.parametrize("other", [{"seed": 4}, {"lr": 0.02}, {"steps": 10}, {"measure": ["lcs"]}])
def test_a_run_of_other_settings_does_not_count(other: Mapping[str, Any]) -> None:
    store(SETTINGS, "solved", "ours")
    assert counted({**SETTINGS, **other}) is None


def test_anothers_run_counts_only_where_others_are_taken_and_never_with_python() -> None:
    name = store(SETTINGS, "solved")
    run = counted(SETTINGS)
    assert run is not None
    assert run.name == name
    assert counted(SETTINGS, takes_others=False) is None
    assert counted(SETTINGS, has_python=True) is None


def test_a_run_that_ended_counts_before_ones_that_did_not_and_its_own_before_anothers() -> None:
    names = [store(SETTINGS, *which) for which in (("finished", "ours"), ("finished",), ("paused", "ours"))]
    store(SETTINGS, "failed", "ours")
    run = counted(SETTINGS)
    assert run is not None
    assert run.name == names[0]


def test_a_failed_run_counts_only_until_it_is_trained_anew() -> None:
    store(SETTINGS, "failed")
    assert counted(SETTINGS) is None
    store(SETTINGS, "failed", "ours")
    failed = counted(SETTINGS)
    assert failed is not None
    assert (failed.state, can_continue(failed)) == ("failed", False)
    anew = store(SETTINGS, "paused", "ours")
    again = counted(SETTINGS)
    assert again is not None
    assert again.name == anew


def test_a_run_whose_settings_were_changed_while_it_ran_does_not_count() -> None:
    name = store(SETTINGS, "solved", "ours")
    with RunStore.open(name) as run:
        run.change_event(1, {"lr": 0.02})
    assert counted(SETTINGS) is None
