import statistics

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from pgplay.learning.objective.advantages import (
    at_the_end,
    batch_scaled,
    discounted_sums,
    generalised_advantages,
    group_baseline,
    group_scaled,
    leave_one_out,
)

FLOOR = 0.05
REWARDS = torch.tensor([[0.1, 0.9, 0.5], [0.2, 0.2, 0.2]], dtype=torch.float64)
SHARES = st.sampled_from([0.0, 0.3, 0.9, 0.95, 1.0])


@st.composite
def stretches(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor]:
    """Return rewards, values and a mask (B, T) whose rows are unbroken stretches."""
    batch, columns = draw(st.integers(1, 3)), draw(st.integers(1, 6))
    mask = torch.zeros(batch, columns, dtype=torch.bool)
    for row in range(batch):
        start = draw(st.integers(0, columns - 1))
        mask[row, start : draw(st.integers(start + 1, columns))] = True
    numbers = st.lists(st.integers(-20, 20), min_size=batch * columns, max_size=batch * columns)
    rewards, values = (torch.tensor(draw(numbers), dtype=torch.float64).view(batch, columns) / 10 for _ in range(2))
    return torch.where(mask, rewards, 0.0), values, mask


def slow_advantage(rewards: list[float], values: list[float], discount: float, decay: float, t: int) -> float:
    """Return the exponentially weighted sum of all n-step errors from `t` on, as in the paper's equation 16."""
    total = 0.0
    for later in range(t, len(rewards)):
        after = values[later + 1] if later + 1 < len(values) else 0.0
        error = rewards[later] + discount * after - values[later]
        total += (discount * decay) ** (later - t) * error
    return total


@settings(deadline=None, max_examples=150)
@given(stretches(), SHARES, SHARES)
def test_generalised_advantages_match_the_paper(
    arguments: tuple[Tensor, Tensor, Tensor], discount: float, decay: float
) -> None:
    rewards, values, mask = arguments
    found = generalised_advantages(rewards, values, mask, discount, decay)
    for row in range(len(mask)):
        prefix_index = mask[row].nonzero()[:, 0].tolist()
        own_rewards, own_values = rewards[row][mask[row]].tolist(), values[row][mask[row]].tolist()
        for t, column in enumerate(prefix_index):
            expected = slow_advantage(own_rewards, own_values, discount, decay, t)
            assert found[row, column].item() == pytest.approx(expected, abs=1e-9)


@settings(deadline=None, max_examples=100)
@given(stretches(), SHARES)
def test_with_lambda_one_the_advantage_is_the_return_minus_the_value(
    arguments: tuple[Tensor, Tensor, Tensor], discount: float
) -> None:
    rewards, values, mask = arguments
    found = generalised_advantages(rewards, values, mask, discount, 1.0)
    expected = discounted_sums(rewards, discount) - values
    torch.testing.assert_close(found[mask], expected[mask], rtol=0, atol=1e-9)


@settings(deadline=None, max_examples=100)
@given(stretches(), SHARES)
def test_discounted_sums_are_sums(arguments: tuple[Tensor, Tensor, Tensor], discount: float) -> None:
    rewards = arguments[0]
    found = discounted_sums(rewards, discount)
    columns = rewards.shape[1]
    for t in range(columns):
        expected = sum(discount ** (later - t) * rewards[:, later] for later in range(t, columns))
        torch.testing.assert_close(found[:, t], expected, rtol=0, atol=1e-9)


def test_the_end_is_each_rows_last_action() -> None:
    mask = torch.tensor([[0, 1, 1, 0], [1, 1, 1, 1], [0, 0, 1, 0]], dtype=torch.bool)
    found = at_the_end(torch.tensor([5.0, 6.0, 7.0]), mask)
    assert found.tolist() == [[0, 0, 5, 0], [0, 0, 0, 6], [0, 0, 7, 0]]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.floats(-1, 1), min_size=4, max_size=4), min_size=1, max_size=3))
def test_leave_one_out_is_the_mean_of_the_others(rewards: list[list[float]]) -> None:
    found = leave_one_out(torch.tensor(rewards, dtype=torch.float64)).tolist()
    for row, group in enumerate(rewards):
        for place in range(len(group)):
            others = group[:place] + group[place + 1 :]
            assert found[row][place] == pytest.approx(statistics.fmean(others), abs=1e-12)


def test_scales_divide_by_the_deviation_of_the_group_or_of_all() -> None:
    advantages = torch.ones_like(REWARDS)
    first, every = statistics.stdev([0.1, 0.9, 0.5]), statistics.stdev([0.1, 0.9, 0.5, 0.2, 0.2, 0.2])
    by_group = group_scaled(advantages, REWARDS, "group-std", FLOOR)
    assert by_group[0].tolist() == pytest.approx([1 / first] * 3)
    assert group_scaled(advantages, REWARDS, "batch-std", FLOOR).flatten().tolist() == pytest.approx([1 / every] * 6)
    assert torch.equal(group_scaled(advantages, REWARDS, "none", FLOOR), advantages)


@pytest.mark.parametrize("scale", ["group-std", "batch-std"])
@pytest.mark.parametrize("spread", [0.0, 1e-6, 0.01])
def test_nearly_equal_rewards_are_not_amplified(scale: str, spread: float) -> None:
    rewards = torch.tensor([[0.5, 0.5, 0.5 + spread]], dtype=torch.float64)
    advantages = rewards - rewards.mean()
    found = group_scaled(advantages, rewards, scale, FLOOR)
    torch.testing.assert_close(found, advantages / FLOOR)
    assert found.abs().max() <= spread / FLOOR


def test_batch_scale_uses_only_the_mask() -> None:
    advantages = torch.tensor([[1.0, -1.0, 99.0], [3.0, 99.0, 99.0]])
    mask = torch.tensor([[True, True, False], [True, False, False]])
    found = batch_scaled(advantages, mask, FLOOR)[mask].tolist()
    assert found == pytest.approx([value / statistics.stdev([1, -1, 3]) for value in (1, -1, 3)])
    even = batch_scaled(torch.full((2, 3), 0.2), mask, FLOOR)[mask].tolist()
    assert even == pytest.approx([0.2 / FLOOR] * 3)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("none", [[0.0] * 3] * 2),
        ("moving-average", [[0.7] * 3] * 2),
        ("batch-mean", [[0.35] * 3] * 2),
        ("group-mean", [[0.5] * 3, [0.2] * 3]),
        ("leave-one-out", [[0.7, 0.3, 0.5], [0.2] * 3]),
        ("greedy", [[0.4] * 3, [0.6] * 3]),
    ],
)
def test_each_baseline_follows_its_definition(kind: str, expected: list[list[float]]) -> None:
    baseline = group_baseline(kind, REWARDS, 0.7, torch.tensor([0.4, 0.6], dtype=torch.float64))
    found = (REWARDS - (REWARDS - baseline)).tolist()
    assert found == [pytest.approx(row, abs=1e-12) for row in expected]
