"""A policy that is certain of a wrong text still finds the right one."""

import msgspec
import pytest
import torch

from pgplay.config.run_config import make_config
from pgplay.learning.plan import read_plan
from pgplay.learning.schedules.collapse_recovery import SHARE, is_collapsed
from pgplay.learning.trainer import Trainer
from tests.benchmarks.collapse import collapsed
from tests.learning.helpers import numbers, same_weights, trainer, weights
from tests.policies.helpers import FAMILIES

COLLAPSED = {"entropy": 0.002, "tied_groups": 1.0, "reward_mean": 0.5, "exact_match": 0.0}
NANO = {"target": "tin", "batch_size": 16, "device": "cpu"}


def saturated(model: str, **settings: object) -> Trainer:
    """Return a trainer for 'tin' whose policy writes only 'nit', without any gradient left."""
    return collapsed("nit", 30.0, {**NANO, "model": model, **settings})


def solves(one: Trainer, most: int) -> bool:
    return any(one.step().solved for _ in range(most))


@pytest.mark.training
@pytest.mark.matrix
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("model", FAMILIES)
def test_a_saturated_policy_recovers_by_default(model: str, seed: int) -> None:
    one = saturated(model, seed=seed)
    first = one.step().metrics
    assert first["entropy"] < 1e-6
    assert first["tied_groups"] == 1.0
    assert first["reward_mean"] < 1.0
    assert solves(one, 400)
    assert one.step().metrics["recoveries"] >= 1


@pytest.mark.training
@pytest.mark.matrix
@pytest.mark.parametrize("model", FAMILIES)
def test_without_recovery_no_entropy_weight_saves_it(model: str) -> None:
    one = saturated(model, recovery="none", weight_decay=0.0)
    assert not solves(one, 400)
    metrics = one.step().metrics
    assert metrics["entropy_weight"] > 1.0
    assert metrics["entropy"] < 1e-6
    assert "recoveries" not in metrics


def test_it_is_moved_towards_the_network_of_the_seed() -> None:
    one, untrained = saturated("gru-nano", seed=3), untrained_weights("gru-nano", 3)
    one.plan = one.plan._replace(config=msgspec.structs.replace(one.plan.config, lr=1e-30))
    before = weights(one)
    assert one.step().metrics["recoveries"] == 1
    for name, tensor in weights(one).items():
        torch.testing.assert_close(tensor, (1 - SHARE) * before[name] + SHARE * untrained[name])


def untrained_weights(model: str, seed: int) -> dict[str, torch.Tensor]:
    return weights(trainer(model=model, seed=seed, **NANO, alphabet="lowercase"))


def test_without_an_entropy_bonus_there_is_no_recovery() -> None:
    one = saturated("gru-nano", entropy=0.0, weight_decay=0.0)
    before = weights(one)
    for _ in range(3):
        assert "recoveries" not in one.step().metrics
    assert same_weights(weights(one), before)


@pytest.mark.training
def test_a_run_restored_during_a_recovery_continues_bit_for_bit() -> None:
    whole, first, second = (saturated("gru-nano") for _ in range(3))
    expected = [numbers(whole.step()) for _ in range(6)]
    begun = [numbers(first.step()) for _ in range(2)]
    second.restore(first.state())
    assert begun + [numbers(second.step()) for _ in range(4)] == expected


@pytest.mark.parametrize(
    ("metric", "value"),
    [("entropy", 0.05), ("tied_groups", 0.9), ("reward_mean", 1.0), ("exact_match", 1.0)],
)
def test_a_policy_that_still_learns_or_has_learned_is_not_collapsed(metric: str, value: float) -> None:
    assert is_collapsed(COLLAPSED)
    assert not is_collapsed({**COLLAPSED, metric: value})


def test_a_reward_without_a_target_counts_too() -> None:
    untargeted = {name: value for name, value in COLLAPSED.items() if name != "exact_match"}
    assert is_collapsed(untargeted)
    assert not is_collapsed({**untargeted, "reward_mean": 1.0})


def test_it_is_a_setting_that_can_change_during_a_run() -> None:
    one = saturated("gru-nano", recovery="none")
    assert "recoveries" not in one.step().metrics
    one.change(read_plan(make_config({"recovery": "shrink-perturb"}, one.plan.written), shape=one.plan.shape))
    assert one.step().metrics["recoveries"] == 1
