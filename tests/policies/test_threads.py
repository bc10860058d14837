"""The choice of CPU threads: by measured times, and without an effect on the policy."""

import time

import pytest
import torch

from pgplay.policies.build import build_policy
from pgplay.policies.spec import FreshSpec
from pgplay.policies.thread_tuning import candidates, cheapest, fastest_threads

FAR = float("inf")


@pytest.mark.parametrize(("most", "tried"), [(1, [1]), (2, [2, 1]), (6, [6, 4, 2, 1]), (8, [8, 4, 2, 1])])
def test_powers_of_two_and_all_cores_are_tried(most: int, tried: list[int]) -> None:
    assert candidates(most) == tried


@pytest.mark.parametrize(
    ("seconds", "chosen"),
    [
        ({8: 1.0, 4: 2.0, 2: 4.0, 1: 8.0}, 8),
        ({8: 3.0, 4: 2.0, 2: 4.0, 1: 0.5}, 4),
        ({8: 1.0, 4: 1.04, 2: 1.04, 1: 1.2}, 2),
        ({8: 1.0, 4: 1.04, 2: 1.08, 1: 1.1}, 4),
        ({8: 4.0, 4: 3.0, 2: 2.0, 1: 1.0}, 1),
    ],
)
def test_the_fewest_threads_that_are_as_fast_are_chosen(seconds: dict[int, float], chosen: int) -> None:
    assert cheapest(8, seconds.__getitem__, FAR) == chosen


def test_nothing_more_is_tried_after_the_deadline() -> None:
    tried: list[int] = []

    def seconds_with(threads: int) -> float:
        tried.append(threads)
        return float(threads)

    assert cheapest(8, seconds_with, time.perf_counter()) == 8
    assert tried == [8]


@pytest.mark.parametrize("model", ["gru-nano", "transformer-nano"])
def test_measuring_changes_neither_policy_nor_random_numbers(model: str) -> None:
    policy = build_policy(FreshSpec(model, "ab", 4), torch.device("cpu"))
    before, chance = policy.saved_state(), torch.get_rng_state()
    kept = {name: tensor.clone() for name, tensor in before.items()}
    assert fastest_threads(policy, 4, 2) in (1, 2)
    assert fastest_threads(policy, 4, 1) == 1
    assert all(torch.equal(tensor, kept[name]) for name, tensor in policy.saved_state().items())
    assert all(parameter.grad is None for parameter in policy.module.parameters())
    assert torch.equal(torch.get_rng_state(), chance)
    torch.set_num_threads(1)
