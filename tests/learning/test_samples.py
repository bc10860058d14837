import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.learning.reports.samples import QUANTILES, quantile_rows, reward_statistics
from pgplay.learning.scoring import score_step
from pgplay.policies.rollout import Completion
from pgplay.rewards.reward import build_reward
from pgplay.tasks.task import Pair

REWARDS = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=2, max_size=40)


def test_rows_are_at_the_quantiles() -> None:
    rewards = [0.3, 0.9, 0.1, 0.7, 0.5]
    assert dict(quantile_rows(rewards)) == {"top": 1, "upper": 3, "middle": 4, "lower": 0, "bottom": 2}


@given(REWARDS)
def test_roles_descend_from_the_highest_reward_to_the_lowest(rewards: list[float]) -> None:
    rows = quantile_rows(rewards)
    assert [role for role, _ in rows] == [role for role, _ in QUANTILES]
    shown = [rewards[row] for _, row in rows]
    assert shown == sorted(shown, reverse=True)
    assert (shown[0], shown[-1]) == (max(rewards), min(rewards))


@given(REWARDS)
def test_among_equal_rewards_the_earlier_row_counts_as_the_higher(rewards: list[float]) -> None:
    rows = dict(quantile_rows(rewards))
    assert rows["top"] == rewards.index(max(rewards))
    assert rows["bottom"] == len(rewards) - 1 - rewards[::-1].index(min(rewards))


def test_equal_rewards_show_different_rows() -> None:
    assert [row for _, row in quantile_rows([0.5] * 5)] == [0, 1, 2, 3, 4]


def test_statistics_by_hand() -> None:
    rewards = [0.1, 0.9, 0.5, 0.5, 0.2, 0.2, 0.2, 0.2, 1.0, 0.0, 0.0]
    told = reward_statistics(rewards[:8], 4)
    assert told == {
        "reward_mean": pytest.approx(0.35),
        "reward_std": pytest.approx(statistics.stdev(rewards[:8])),
        "reward_min": 0.1,
        "reward_max": 0.9,
        "reward_q10": 0.2,
        "reward_q50": 0.2,
        "reward_q90": 0.5,
        "tied_groups": 0.5,
    }
    eleven = reward_statistics([number / 10 for number in range(11)], 11)
    assert [eleven[f"reward_q{share}"] for share in (10, 50, 90)] == [0.1, 0.5, 0.9]
    assert eleven["tied_groups"] == 0.0


@given(REWARDS)
def test_statistics_are_in_order(rewards: list[float]) -> None:
    told = reward_statistics(rewards, 1)
    names = ["reward_min", "reward_q10", "reward_q50", "reward_q90", "reward_max"]
    assert [told[name] for name in names] == sorted(told[name] for name in names)
    assert told["tied_groups"] == 1.0


def test_right_samples_are_exact_answers_and_greedy_rows_do_not_count() -> None:
    pair = Pair("", "ab", others=("cd",))
    written = [Completion(tuple(text), finished=True) for text in ("ab", "cd", "abc", "", "ab")]
    with build_reward("levenshtein") as reward:
        scored = score_step(written, [pair] * 4, [pair], reward, {}, has_targets=True)
    assert scored.series["sampled_match"] == 2 / 4
    assert scored.series["exact_match"] == 1.0
