"""A step's report as the trainer makes it, for tests of the store."""

from collections.abc import Callable

import pytest

from pgplay.learning.reports.step_report import Sample, StepReport


@pytest.fixture
def make_report() -> Callable[..., StepReport]:
    def make(step: int, reward: float | None = 0.5, solved: bool = False) -> StepReport:
        metrics = {"reward_mean": reward, "entropy": 0.1 * step} if reward is not None else {"entropy": 0.1 * step}
        sample = Sample("greedy", "", f"text {step}", "hello world", 0.25, step, True, tuple(f"text {step}"))
        return StepReport(step, 0.1 * step, 64, metrics, (sample,), solved)

    return make
