"""The median of completions until solved, with censored runs."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.experiments.statistics.survival import SolveTime, median_time


def times(solved: list[float], unsolved: list[float] = []) -> list[SolveTime]:  # noqa: B006 (read only)
    return [SolveTime(time, True) for time in solved] + [SolveTime(time, False) for time in unsolved]


def test_the_median_of_a_curve_worked_by_hand() -> None:
    # Gehan's leukaemia trial (1965), the treated arm: Kaplan-Meier median 23 weeks.
    treated = times([6, 6, 6, 7, 10, 13, 16, 22, 23], [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35])
    assert median_time(treated).median == 23
    # Its other arm has no censored time: twelve of 21 are 8 weeks or less.
    control = times([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23])
    assert median_time(control).median == 8


def test_the_intervals_of_gehans_trial_are_those_of_survfit() -> None:
    """R: survfit(Surv(time, status) ~ arm, conf.type = "log-log"): 13 to NA, and 4 to 11."""
    treated = times([6, 6, 6, 7, 10, 13, 16, 22, 23], [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35])
    control = times([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23])
    assert median_time(treated).interval == (13, math.inf)
    assert median_time(control).interval == (4, 11)


def test_a_curve_that_stays_above_one_half_has_no_median() -> None:
    assert median_time(times([5, 6, 7], [20] * 5)).median is None
    assert median_time(times([5, 6, 7, 9], [20] * 4)).median is None  # flat at one half to its end
    assert median_time(times([], [20] * 9)) == (None, (20, math.inf))
    assert median_time(times([], [20] * 3)) == (None, None)


def test_ties_at_the_end_close_the_interval_of_runs_that_all_solve() -> None:
    """The curve falls from above one half to 0 in one step: the median is hardly beyond, with a chance of 2^-10."""
    assert median_time(times([300, 300, 400, 400, 400, *[500] * 5])).interval == (300, 500)


def test_few_runs_have_a_median_without_an_interval() -> None:
    assert median_time(times([30, 10, 20])) == (20, None)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=30))
def test_without_unsolved_runs_it_is_the_usual_median(completions: list[int]) -> None:
    assert median_time(times(list(map(float, completions)))).median == statistics.median(completions)


@given(
    st.lists(st.integers(1, 1000), min_size=8, max_size=30),
    st.integers(1, 1000),
)
def test_a_limit_hides_only_what_lies_beyond_it(completions: list[int], limit: int) -> None:
    seen = [SolveTime(min(time, limit), time <= limit) for time in completions]
    median, interval = median_time(seen)
    whole = statistics.median(completions)
    if median is not None:
        assert median == whole
    assert interval is not None
    assert interval.low <= (limit if median is None else median) <= interval.high or median is None


def test_of_two_hundred_samples_about_the_promised_share_covers_the_true_median() -> None:
    """95% are promised; by chance 200 samples give 90 to 99% in all but one of 1,000 such tests."""
    import numpy as np

    generator = np.random.default_rng(3)
    covered = 0
    for _ in range(200):
        drawn = np.exp(generator.normal(7.0, 0.6, 16))
        seen = [SolveTime(float(min(time, 2000.0)), bool(time <= 2000.0)) for time in drawn]
        interval = median_time(seen).interval
        assert interval is not None
        covered += interval.low <= math.exp(7.0) <= interval.high
    assert covered == pytest.approx(190, abs=11)
