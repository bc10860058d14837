"""Stored runs as a worker leaves them, made without one, for tests of the screens that read stores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pgplay.config.run_config import make_config, to_settings
from pgplay.learning.reports.step_detail import StepDetail
from pgplay.learning.reports.step_report import StepReport
from pgplay.runs.checkpoint_files import keep_last, write_checkpoint
from pgplay.runs.store import RunStore
from tests.app.fake_worker import curve, sample
from tests.weights import learner_state

TARGET = "hello world"


def store_run(
    name: str,
    steps: int = 60,
    checkpoints: Iterable[int] = (0, 20, 40),
    speed: float = 1.0,
    step_details: Iterable[StepDetail] = (),
    **settings: Any,
) -> str:
    """Store a run that learns steadily, `speed` times as fast as usual; at step N it writes N // 5 characters."""
    config = make_config(settings)
    with RunStore.create(config, name) as store:
        for step in range(steps + 1):
            if step:
                text = TARGET[: step // 5]
                samples = (sample("greedy", text, 0.5, step), sample("best", TARGET, 1.0, step))
                metrics = curve(round(step * speed))
                store.record(StepReport(step, step / 50, step * 64, metrics, samples, step // 5 >= len(TARGET)))
            if step in checkpoints:
                tensors, state = learner_state(config.algorithm, step)
                write_checkpoint(store.folder, tensors, {**state, "settings": to_settings(config)}, "last")
                keep_last(store.folder)
        for step_detail in step_details:
            store.keep_step_detail(step_detail)
        store.finish("paused")
    return name
