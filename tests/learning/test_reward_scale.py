"""Learning does not depend on the scale of the rewards: neither by its formulas nor in its runs."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.config.run_config import make_config
from pgplay.learning.plan import read_plan
from pgplay.learning.reward_scale import RewardScale, widened
from pgplay.learning.trainer import Trainer
from pgplay.rewards.ranges import ANYTHING, Range
from pgplay.rewards.records import Scores, Triple
from pgplay.rewards.reward import Reward, build_reward

STEPS = 6


class Unknown:
    """Scores as `formula` does, but nobody knows its range, as of Python."""

    def __init__(self, formula: str) -> None:
        self._formula = build_reward(formula)

    def score(self, triples: list[Triple]) -> Scores:
        return self._formula.score(*([one[part] for one in triples] for part in range(3)))

    def close(self) -> None:
        """Nothing to end."""


def curve(algorithm: str, formula: str, *, is_known: bool = True, **settings: object) -> list[float]:
    """Return the mean reward of a few steps, from 0 to 1 as a share of the range of `formula`."""
    config = make_config({"target": "abc", "seed": 4, "algorithm": algorithm, "reward": formula, **settings})
    known = build_reward(formula)
    reward = known if is_known else Reward(formula, "mine", "python", Unknown(formula), needs_target=True)
    trainer = Trainer(read_plan(config), reward)
    means = [trainer.step().metrics["reward_mean"] for _ in range(STEPS)]
    lowest, highest = known.range
    return [(mean - lowest) / (highest - lowest) for mean in means]


@pytest.mark.parametrize("formula", ["0.03*levenshtein", "0.001*levenshtein", "100*levenshtein"])
@pytest.mark.parametrize("algorithm", ["grpo", "rloo", "reinforce", "a2c", "ppo"])
def test_a_multiple_of_a_reward_learns_as_the_reward_does(algorithm: str, formula: str) -> None:
    assert curve(algorithm, formula) == pytest.approx(curve(algorithm, "1.0*levenshtein"), abs=0.02)


@pytest.mark.parametrize("algorithm", ["grpo", "rloo", "reinforce-baseline"])
def test_a_large_constant_costs_no_precision(algorithm: str) -> None:
    assert curve(algorithm, "levenshtein + 1e6") == pytest.approx(curve(algorithm, "levenshtein + 0.0"), abs=0.02)


@pytest.mark.parametrize("algorithm", ["grpo", "rloo"])
def test_where_the_range_is_unknown_that_of_the_rewards_seen_counts(algorithm: str) -> None:
    small, large = (curve(algorithm, f"{factor}*levenshtein", is_known=False) for factor in (0.001, 100))
    assert small == pytest.approx(large, abs=0.02)


def test_the_known_range_counts_else_the_one_seen() -> None:
    assert RewardScale.of(Range(0.0, 1.0), Range(0.2, 0.3)) == RewardScale(0.0, 1.0, 0.0)
    assert RewardScale.of(Range(-3.0, 7.0), Range(0.0, 1.0)) == RewardScale(-3.0, 10.0, 0.0)
    assert RewardScale.of(ANYTHING, Range(2.0, 6.0)) == RewardScale(2.0, 4.0, 0.0)
    assert RewardScale.of(Range(0.0, math.inf), Range(0.5, 0.5)).unit == 1.0, "all alike: there is nothing to measure"
    assert RewardScale.of(Range(1e6, 1e6 + 1), Range(0.0, 1.0)).origin == 1e6


def test_a_few_outliers_set_no_scale_unless_there_is_nothing_else() -> None:
    usual = [number / 100 for number in range(62)]
    assert widened(None, [*usual, -1000.0, 5000.0]) == Range(0.02, 0.59)
    assert widened(None, [0.0] * 63 + [1.0]) == Range(0.0, 1.0)


rewards = st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=70)


@given(st.lists(rewards, min_size=1, max_size=5))
def test_the_range_seen_only_grows_and_holds_no_number_that_nobody_earned(steps: list[list[float]]) -> None:
    seen = None
    for step in steps:
        wider = widened(seen, step)
        assert wider.low <= wider.high
        assert seen is None or (wider.low <= seen.low and seen.high <= wider.high)
        seen = wider
    assert seen is not None
    assert {*seen} <= {reward for step in steps for reward in step}
