"""When an experiment trains which seeds, with a pool that trains nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from pgplay.errors import InputError, coded
from pgplay.experiments import trials
from pgplay.experiments.stored import StoredRuns
from pgplay.experiments.sweep_training import train_sweep
from pgplay.experiments.sweeps import Sweep, add_seeds, open_sweep
from pgplay.experiments.trials import PlannedLooks, Training, Trial, train_trials
from pgplay.experiments.yardstick import choose_yardstick
from pgplay.learning.reports.step_report import StepReport
from pgplay.worker.client.pool import News, RunOutcome
from pgplay.worker.protocol.commands import Resume, Start
from tests.experiments.made import entries
from tests.experiments.stored_sweeps import store_seed, store_sweep

LOOKS = [[0, 1], [2, 3], [4]]


class InstantPool:
    """A pool whose runs end at once; the number of its trainings counts from the start of a test."""

    trainings = 0
    closed = 0

    def __init__(
        self,
        size: int,
        on_news: Callable[[News], None],
        on_end: Callable[[int, RunOutcome], None],
        on_begin: Callable[[int, str], None],
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


def train(
    is_clear: Callable[[list[Trial]], bool], stop: Callable[[], bool] = lambda: False, *, begun: int = 1
) -> list[Trial]:
    recipes = entries({"algorithm": "grpo"}, {"algorithm": "rloo"})
    nothing_stored = StoredRuns([], "", takes_others=False)
    training = Training(2, lambda place, trial, news: None, lambda place, trial: None, stop)
    looks = PlannedLooks(LOOKS, begun, lambda begun: None)
    return asyncio.run(train_trials(recipes, looks, training, nothing_stored, is_clear))


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


def test_looks_that_have_begun_are_trained_also_where_the_difference_is_clear_before() -> None:
    assert len(train(lambda so_far: True, begun=2)) == 8


def test_an_interruption_adds_no_further_seeds() -> None:
    assert len(train(lambda so_far: False, stop=lambda: True)) == 4
    assert InstantPool.closed == 1


def train_stored(sweep: Sweep, on_end: Callable[[Trial], object] = lambda trial: None) -> list[Trial]:
    training = Training(2, lambda place, trial, news: None, lambda place, trial: on_end(trial), lambda: False)
    recipes = sweep.entries
    return asyncio.run(train_sweep(sweep, recipes, choose_yardstick(recipes), training))


def test_a_stored_sweep_trains_what_is_left_and_is_finished_then() -> None:
    sweep = store_sweep()
    store_seed(sweep, 0, 1, steps=9)
    trained = train_stored(sweep)
    assert [(trial.entry, trial.config.seed) for trial in trained] == [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2)]
    assert [trial.time.completions for trial in trained if trial.entry == 0] == [64, 9 * 64, 66]
    assert open_sweep(sweep.name).state == "finished"


def test_seeds_that_are_added_while_a_sweep_trains_are_trained_too() -> None:
    sweep = store_sweep(seeds=[0])
    added: list[Sweep] = []
    trained = train_stored(sweep, lambda trial: added or added.append(add_seeds(sweep, 2)))
    assert sorted({trial.config.seed for trial in trained}) == [0, 1, 2]
    assert open_sweep(sweep.name).plan.looks == ((0, 1, 2),)
    assert open_sweep(sweep.name).state == "finished"


def test_a_sweep_is_trained_by_one_process_at_a_time() -> None:
    sweep = store_sweep()
    with sweep.claimed(), pytest.raises(InputError, match="is being trained"):
        train_stored(sweep)


def test_a_run_that_fails_before_it_is_stored_stays_known(monkeypatch: pytest.MonkeyPatch) -> None:
    class FailingPool(InstantPool):
        async def train(self, starts: Sequence[Start | Resume]) -> None:
            for number in range(len(starts)):
                self._on_end(number, RunOutcome("failed", ("error.text", {"text": "It failed."})))

    monkeypatch.setattr(trials, "Pool", FailingPool)
    sweep = store_sweep(seeds=[5])
    assert all(trial.failed for trial in train_stored(sweep))
    assert [(start.row, start.seed) for start in open_sweep(sweep.name).plan.failed_starts] == [(0, 5), (1, 5)]
