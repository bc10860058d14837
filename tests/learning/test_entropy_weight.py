import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.learning.schedules.entropy_weight import MOST_ENTROPY_WEIGHT, entropy_weight

START = 0.08
NATS = st.floats(0.0, 500.0)
REWARDS = st.floats(-2.0, 2.0)


def weight(
    schedule: str, reward: float = 0.5, entropy: float = 1.0, target: float = 15.0, *, solved: bool = False
) -> float:
    return entropy_weight(schedule, START, target, reward, entropy, solved=solved)


@given(REWARDS, NATS)
def test_constant_stays(reward: float, entropy: float) -> None:
    assert weight("constant", reward, entropy) == START


@given(REWARDS, REWARDS, NATS)
def test_reward_gap_falls_from_its_start_to_zero_as_the_reward_rises(a: float, b: float, entropy: float) -> None:
    low, high = sorted((a, b))
    assert 0 <= weight("reward-gap", high, entropy) <= weight("reward-gap", low, entropy) <= START
    assert weight("reward-gap", 0.25) == pytest.approx(0.75 * START)
    assert weight("reward-gap", 1.0) == 0.0


@given(REWARDS, NATS, NATS)
def test_target_grows_within_bounds_as_completions_agree(reward: float, a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert START <= weight("target", reward, high) <= weight("target", reward, low) <= MOST_ENTROPY_WEIGHT * START


def test_target_leaves_the_weight_alone_above_it_and_is_proportional_below() -> None:
    assert weight("target", entropy=15.0) == weight("target", entropy=40.0) == START
    assert weight("target", entropy=5.0) == pytest.approx(3 * START)
    assert weight("target", entropy=0.0) == pytest.approx(MOST_ENTROPY_WEIGHT * START)


@given(REWARDS, NATS)
def test_once_solved_the_bonus_ends_as_all_samples_become_right(reward: float, entropy: float) -> None:
    assert weight("target", reward, entropy, solved=True) == weight("reward-gap", reward)
    assert weight("target", 1.0, entropy, solved=True) == 0.0
    assert weight("constant", reward, entropy, solved=True) == START


@pytest.mark.parametrize("schedule", ["constant", "reward-gap", "target"])
def test_no_bonus_stays_no_bonus(schedule: str) -> None:
    assert entropy_weight(schedule, 0.0, 15.0, 0.3, 0.1) == 0.0
