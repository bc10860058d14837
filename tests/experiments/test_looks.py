"""When to look at an experiment that adds seeds, and how much each look may find."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.experiments.statistics.estimates import Interval
from pgplay.experiments.statistics.looks import error_per_look, looks_at, pairs_needed
from pgplay.experiments.statistics.pairs import signed_rank_p


def test_looks_double_up_to_the_budget() -> None:
    assert looks_at(64) == [8, 16, 32, 64]
    assert looks_at(40) == [8, 16, 32, 40]
    assert looks_at(8) == [8]
    assert looks_at(7) == []


@given(st.integers(8, 5000))
def test_looks_rise_to_the_budget_and_share_the_error(most: int) -> None:
    looks = looks_at(most)
    assert looks == sorted(set(looks))
    assert looks[-1] == most
    assert error_per_look(len(looks)) * len(looks) == pytest.approx(0.05)


def test_a_forecast_grows_with_the_square_of_the_missing_deviations() -> None:
    # p = 0.3173 is one standard deviation, p = 0.0455 two: four times the pairs.
    assert pairs_needed(10, 0.31731, 0.0455) == pytest.approx(40, abs=1)
    assert pairs_needed(10, 0.01, 0.05) == 10
    assert pairs_needed(10, 0.98, 0.05) is None
    assert pairs_needed(10, 1.0, 0.05) is None


def test_looking_again_and_again_seldom_finds_a_difference_that_is_not_there() -> None:
    """At most 5% are promised; by chance 300 experiments give more than 26 in one of 1,000 such tests."""
    generator = np.random.default_rng(1)
    looks = looks_at(64)
    found = 0
    for _ in range(300):
        gains = [Interval(gain, gain) for gain in generator.standard_t(4, 64)]
        found += any(signed_rank_p(gains[:seeds]) <= error_per_look(len(looks)) for seeds in looks)
    assert found <= 26
