"""Intervals of one recipe over its seeds, against closed forms and hand-worked examples."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.experiments.statistics.estimates import (
    FEW,
    LEAST_FOR_IQM,
    interquartile_mean,
    mean_interval,
    share_interval,
)


@pytest.mark.parametrize(("successes", "trials"), [(0, 8), (8, 8), (3, 10), (9, 10), (50, 100)])
def test_the_interval_of_a_share_is_wilsons_closed_form(successes: int, trials: int) -> None:
    z = statistics.NormalDist().inv_cdf(0.975)
    share = successes / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    interval = share_interval(successes, trials)
    assert interval == pytest.approx((max(0.0, middle - half), min(1.0, middle + half)), abs=1e-9)


def test_the_bootstrap_repeats_with_its_seed_and_is_about_as_wide_as_students_interval() -> None:
    values = [0.11, 0.29, 0.31, 0.42, 0.44, 0.55, 0.61, 0.68, 0.77, 0.93]
    interval = mean_interval(values, seed=4)
    assert interval is not None
    assert interval == mean_interval(values, seed=4)
    assert interval.low < statistics.mean(values) < interval.high
    half = 2.262 * statistics.stdev(values) / math.sqrt(len(values))  # Student's t with nine degrees of freedom
    assert 0.9 < (interval.high - interval.low) / (2 * half) < 1.3


def test_the_bootstrap_leans_to_the_side_where_a_skewed_measure_has_its_tail() -> None:
    interval = mean_interval([0.1, 0.11, 0.12, 0.12, 0.13, 0.14, 0.3, 0.9], seed=0)
    assert interval is not None
    mean = 1.92 / 8
    assert interval.high - mean > 1.5 * (mean - interval.low)


@given(st.lists(st.integers(-10, 10), min_size=FEW, max_size=20), st.floats(0.1, 10), st.floats(-10, 10))
def test_the_bootstrap_moves_and_scales_with_the_values(values: list[int], scale: float, shift: float) -> None:
    interval = mean_interval(values, seed=1)
    moved = mean_interval([scale * value + shift for value in values], seed=1)
    if interval is None or moved is None:
        return
    assert moved == pytest.approx([scale * end + shift for end in interval], rel=1e-6, abs=1e-5)


def test_few_or_equal_values_have_no_interval() -> None:
    assert mean_interval([0.1 * value for value in range(FEW - 1)], seed=0) is None
    assert mean_interval([1.0] * 20, seed=0) is None


def test_the_interquartile_mean_is_that_of_the_middle_half() -> None:
    assert interquartile_mean([float(value) for value in range(16)]) == 7.5
    assert interquartile_mean([*range(4), *[10.0] * 8, *[1e9] * 4]) == 10.0
    # Of 18 values the middle nine count: 5 to 12 whole, and half of 4 and of 13.
    assert interquartile_mean([float(value**2) for value in range(18)]) == pytest.approx(
        (sum(value**2 for value in range(5, 13)) + 16 / 2 + 169 / 2) / 9
    )
    assert interquartile_mean([1.0] * (LEAST_FOR_IQM - 1)) is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=LEAST_FOR_IQM, max_size=60))
def test_the_interquartile_mean_does_not_feel_the_outer_quarters(values: list[float]) -> None:
    ordered = sorted(values)
    quarter = len(values) // 4
    pushed = [value - 1e6 for value in ordered[:quarter]] + ordered[quarter:-quarter] + [2e6] * quarter
    assert interquartile_mean(pushed) == pytest.approx(interquartile_mean(values), abs=1e-6)
