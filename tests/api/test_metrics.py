"""The metrics of a stored run in Python: a DataFrame where pandas is installed, else lists."""

from __future__ import annotations

import pytest

from pgplay.api.run import TrainedRun
from pgplay.config.run_config import make_config
from pgplay.learning.reports.step_report import StepReport
from pgplay.runs.store import RunStore


@pytest.fixture
def run() -> TrainedRun:
    with RunStore.create(make_config({}), "mine") as store:
        for step in (1, 2):
            store.record(StepReport(step, step / 2, 64 * step, {"reward_mean": step / 4}, (), solved=False))
        store.finish("finished")
    return TrainedRun("mine")


def test_they_are_lists_without_pandas(run: TrainedRun, without_pandas: None) -> None:
    assert run.metrics == {"step": [1, 2], "reward_mean": [0.25, 0.5]}


def test_they_are_a_frame_by_step_with_pandas(run: TrainedRun) -> None:
    pytest.importorskip("pandas")
    assert list(run.metrics.index) == [1, 2]
    assert list(run.metrics["reward_mean"]) == [0.25, 0.5]
