"""When an experiment trains which seeds, with a pool that trains nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from pgplay.errors import coded
from pgplay.experiments import trials
from pgplay.experiments.trials import Training, Trial, train_trials
from pgplay.learning.reports.step_report import StepReport
from pgplay.worker.client.pool import News, RunOutcome
from pgplay.worker.protocol.commands import Resume, Start
from tests.experiments.made import entries

LOOKS = [[0, 1], [2, 3], [4]]


class InstantPool:
    """A pool whose runs end at once; the number of its trainings counts from the start of a test."""

    trainings = 0
    closed = 0

    def __init__(
        self, size: int, on_news: Callable[[News], None], on_end: Callable[[int, RunOutcome], None]
    ) -> None:
        self._on_end = on_end
        self._ended = 0

    async def train(self, starts: Sequence[Start | Resume]) -> None:
        InstantPool.trainings += 1
        for start in starts:
            assert isinstance(start, Start)
            report = StepReport(1, 1.0, 64 + start.config.seed, {}, (), solved=True)
            self._on_end(self._ended, RunOutcome("solved", coded("ending.stopped"), "run", report))
            self._ended += 1

    def stop(self) -> None:
        pass

    async def close(self) -> None:
        InstantPool.closed += 1


@pytest.fixture(autouse=True)
def _without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "Pool", InstantPool)
    monkeypatch.setattr(InstantPool, "trainings", 0)
    monkeypatch.setattr(InstantPool, "closed", 0)


def train(is_clear: Callable[[list[Trial]], bool], stop: Callable[[], bool] = lambda: False) -> list[Trial]:
    recipes = entries({"algorithm": "grpo"}, {"algorithm": "rloo"})
    training = Training(2, False, lambda place, trial, news: None, lambda place, trial: None, stop)
    return asyncio.run(train_trials(recipes, LOOKS, training, is_clear))


def test_seeds_are_added_in_pairs_until_the_difference_is_clear() -> None:
    seen: list[int] = []

    def is_clear(so_far: list[Trial]) -> bool:
        seen.append(len(so_far))
        return len(so_far) >= 8

    trained = train(is_clear)
    assert seen == [4, 8]
    assert [trial.config.seed for trial in trained] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert [trial.entry for trial in trained] == [0, 1] * 4
    assert [trial.time.completions for trial in trained] == [64, 64, 65, 65, 66, 66, 67, 67]
    assert (InstantPool.trainings, InstantPool.closed) == (2, 1)


def test_without_a_clear_difference_the_budget_ends_it() -> None:
    assert len(train(lambda so_far: False)) == 10
    assert InstantPool.trainings == 3


def test_an_interruption_adds_no_further_seeds() -> None:
    assert len(train(lambda so_far: False, stop=lambda: True)) == 4
    assert InstantPool.closed == 1
