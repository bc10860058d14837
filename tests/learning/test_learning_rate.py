"""The learning rate that follows the KL of an update: it moves within bounds, and changes no direction."""

import itertools
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.config.run_config import make_config
from pgplay.learning.plan import read_plan
from pgplay.learning.schedules.learning_rate import DIVERGENCE_TOLERANCE, FACTOR, MOST_LR_FACTOR, next_lr
from pgplay.learning.trainer import Trainer
from tests.learning.helpers import steps, trainer

START, TARGET = 0.005, 0.01
KINDS = {"two updates": "grpo", "one update": "rloo", "four updates": "ppo"}


def change(one: Trainer, **own: object) -> None:
    one.change(read_plan(make_config(own, one.plan.written), shape=one.plan.shape))


def test_it_falls_above_the_target_rises_below_it_and_rests_near_it() -> None:
    assert next_lr("kl", START, START, TARGET, 1.01 * DIVERGENCE_TOLERANCE * TARGET) == pytest.approx(START / FACTOR)
    assert next_lr("kl", START, START, TARGET, 0.99 / DIVERGENCE_TOLERANCE * TARGET) == pytest.approx(START * FACTOR)
    for near in (1.01 / DIVERGENCE_TOLERANCE, 1.0, 0.99 * DIVERGENCE_TOLERANCE):
        assert next_lr("kl", START, START, TARGET, near * TARGET) == START


@given(st.lists(st.floats(0.0, 100.0), max_size=60))
def test_it_stays_within_its_bounds(divergences: list[float]) -> None:
    lr = START
    for divergence in divergences:
        lr = next_lr("kl", lr, START, TARGET, divergence)
        assert START / MOST_LR_FACTOR <= lr <= START * MOST_LR_FACTOR


@given(st.floats(0.0, 100.0))
def test_constant_stays_and_so_does_a_step_without_an_update(divergence: float) -> None:
    assert next_lr("constant", START, START, TARGET, divergence) == START
    assert next_lr("kl", 2 * START, START, TARGET, None) == 2 * START


@pytest.mark.parametrize("algorithm", KINDS.values(), ids=KINDS)
def test_a_run_follows_the_kl_that_it_reports(algorithm: str) -> None:
    one = trainer(algorithm=algorithm, lr_schedule="kl", lr_target=0.002)
    told = [one.step().metrics for _ in range(8)]
    assert told[0]["lr"] == one.plan.config.lr
    assert len({metrics["lr"] for metrics in told}) > 2
    for metrics, after in itertools.pairwise(told):
        assert after["lr"] == next_lr("kl", metrics["lr"], one.plan.config.lr, 0.002, metrics["kl_first_update"])


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(3))
def test_the_kl_approaches_its_target_where_the_rate_is_too_low(seed: int) -> None:
    target, late = 0.002, {}
    for schedule in ("constant", "kl"):
        one = trainer(
            lr_schedule=schedule, lr=0.002, lr_target=target, target="abcabccba", batch_size=32, seed=seed
        )
        told = [one.step().metrics["kl_first_update"] for _ in range(40)]
        late[schedule] = statistics.median(told[20:])
    assert late["constant"] < target / 2 < late["kl"] < target * 2


@pytest.mark.parametrize("algorithm", KINDS.values(), ids=KINDS)
def test_the_first_step_is_unchanged(algorithm: str) -> None:
    """Measuring changes nothing: only the rates of later steps differ."""
    plain, adaptive = (trainer(algorithm=algorithm, lr_schedule=name) for name in ("constant", "kl"))
    ((*_, plain_metrics, plain_samples, _),), ((*_, metrics, samples, _),) = steps(plain, 1), steps(adaptive, 1)
    assert plain_samples == samples
    assert plain_metrics.items() <= metrics.items()


def test_another_rate_or_schedule_starts_afresh_during_a_run() -> None:
    one = trainer(lr_schedule="kl", lr_target=1e-6)
    steps(one, 3)
    assert one.step().metrics["lr"] < one.plan.config.lr
    change(one, batch_size=16)
    assert one.step().metrics["lr"] < one.plan.config.lr
    change(one, lr=0.02)
    assert one.step().metrics["lr"] == 0.02
    change(one, lr_schedule="constant")
    steps(one, 2)
    assert one.step().metrics["lr"] == 0.02
