"""Recipes compared seed by seed: the test against enumeration and scipy, bounds, corrections, and its error rate."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wilcoxon

from pgplay.experiments.statistics.estimates import FEW, Interval
from pgplay.experiments.statistics.pairs import MOST_EXACT, compare_times, compare_values, holm, signed_rank_p
from pgplay.experiments.statistics.survival import SolveTime

GAINS = st.lists(st.integers(-50, 50).filter(bool), min_size=1, max_size=9)


def solved(*completions: float) -> list[SolveTime]:
    return [SolveTime(count, True) for count in completions]


def points(values: list[int] | list[float]) -> list[Interval]:
    return [Interval(value, value) for value in values]


def p_by_enumeration(values: list[int]) -> float:
    """Flip every sign, and count the flips whose positive ranks sum to at least, or at most, the sum of `values`."""
    sizes = [abs(value) for value in values]
    ranks = [sum(other < size for other in sizes) + (sizes.count(size) + 1) / 2 for size in sizes]
    sums = [sum(itertools.compress(ranks, flip)) for flip in itertools.product((0, 1), repeat=len(ranks))]
    seen = sum(rank for rank, value in zip(ranks, values, strict=True) if value > 0)
    tails = sum(other >= seen for other in sums), sum(other <= seen for other in sums)
    return min(1.0, 2 * min(tails) / len(sums))


@given(GAINS)
def test_p_is_the_share_of_all_flips_also_with_ties(values: list[int]) -> None:
    assert signed_rank_p(points(values)) == pytest.approx(p_by_enumeration(values))


@given(st.lists(st.integers(-500, 500).filter(bool), min_size=2, max_size=40, unique_by=abs))
def test_without_ties_p_is_scipys(values: list[int]) -> None:
    assert signed_rank_p(points(values)) == pytest.approx(wilcoxon(values, method="exact").pvalue)


@given(st.lists(st.integers(-20, 22).filter(bool), min_size=MOST_EXACT + 1, max_size=120))
def test_for_many_pairs_p_is_the_normal_approximation_also_with_ties(values: list[int]) -> None:
    approximate = wilcoxon(values, method="approx", correction=True).pvalue
    assert signed_rank_p(points(values)) == pytest.approx(approximate, abs=1e-9)


def test_the_approximation_continues_where_exact_counting_ends() -> None:
    values = [place if place % 3 else -place for place in range(1, MOST_EXACT + 1)]
    exact = signed_rank_p(points(values))
    assert exact == pytest.approx(wilcoxon(values, method="approx", correction=True).pvalue, rel=0.05)


@given(st.lists(st.integers(-500, 500).filter(bool), min_size=FEW, max_size=25, unique_by=abs))
def test_the_interval_excludes_zero_where_the_test_finds_a_difference(values: list[int]) -> None:
    spread = [value + math.copysign(abs(value) ** 0.5, value) for value in values]  # no two means are opposite
    comparison = compare_values([0.0] * len(spread), spread)
    assert comparison.p is not None
    assert comparison.interval is not None
    excluded = comparison.interval.low > 0 or comparison.interval.high < 0
    assert excluded == (comparison.p <= 0.05)


def test_a_ratio_and_its_interval_worked_by_hand() -> None:
    a = solved(*[1000.0] * 8)
    b = solved(400, 450, 500, 550, 600, 650, 700, 1100)
    comparison = compare_times(a, b)
    assert comparison.pairs == 8
    # Of the signed ranks only that of ln 1.1 is negative, and it is the lowest: 2 of 256 flips are as far out, twice.
    assert comparison.p == pytest.approx(2 * 2 / 256)
    assert comparison.improvement == 7 / 8
    logarithms = [math.log(time.completions / 1000) for time in b]
    means = sorted((x + y) / 2 for x, y in itertools.combinations_with_replacement(logarithms, 2))
    middle = math.exp((means[17] + means[18]) / 2)
    assert comparison.size == pytest.approx((middle, middle))
    # With eight pairs, sums of ranks up to 3 are rejected: 5 of 256 flips in each tail (Wilcoxon's table).
    assert comparison.interval == pytest.approx((math.exp(means[3]), math.exp(means[-4])))


def test_swapping_the_recipes_inverts_the_ratio() -> None:
    a = [*solved(900, 1400, 800, 1000, 700, 2000, 650), SolveTime(3000, False), SolveTime(3000, False)]
    b = [*solved(500, 900, 850, 600, 720, 900), SolveTime(3000, False), *solved(800), SolveTime(3000, False)]
    forwards, backwards = compare_times(a, b), compare_times(b, a)
    assert forwards.p == backwards.p
    assert forwards.pairs == backwards.pairs == 8  # the last seed, unsolved by both, says nothing
    assert forwards.improvement == pytest.approx(1 - backwards.improvement)
    for one, other in ((forwards.size, backwards.size), (forwards.interval, backwards.interval)):
        assert one is not None
        assert other is not None
        assert one.low == pytest.approx(0.0 if math.isinf(other.high) else 1 / other.high)
        assert (one.high == pytest.approx(1 / other.low)) if other.low else math.isinf(one.high)


def test_an_unsolved_run_bounds_the_ratio() -> None:
    a, b = solved(*range(500, 510)), [SolveTime(2000, False)] * 10
    comparison = compare_times(a, b)
    assert comparison.size is not None
    assert comparison.size.low == pytest.approx(2000 / 504.5, rel=1e-5)  # the median of what is known at least
    assert comparison.size.high == math.inf
    assert comparison.p == pytest.approx(2 / 1024)
    assert comparison.interval is not None
    assert comparison.interval.low > 3.9
    assert comparison.interval.high == math.inf
    assert comparison.improvement == 0.0


def test_recipes_that_never_solve_are_not_told_apart() -> None:
    comparison = compare_times([SolveTime(2000, False)] * 10, [SolveTime(2000, False)] * 10)
    assert (comparison.pairs, comparison.size, comparison.interval, comparison.p) == (0, None, None, None)
    assert comparison.improvement == 0.5


@given(
    st.lists(st.tuples(st.integers(1, 500), st.integers(1, 500)), min_size=FEW, max_size=14),
    st.integers(50, 400),
)
def test_the_interval_excludes_one_where_the_test_finds_a_difference_also_with_unsolved_runs(
    pairs: list[tuple[int, int]], limit: int
) -> None:
    a, b = ([SolveTime(min(time, limit + 0.5), time <= limit) for time in runs] for runs in zip(*pairs, strict=True))
    comparison = compare_times(a, b)
    if comparison.pairs < FEW:
        assert comparison.p is comparison.interval is None
        return
    assert comparison.p is not None
    assert comparison.interval is not None
    assert comparison.size is not None
    if comparison.p <= 0.05:
        assert comparison.interval.low >= 1 - 1e-9 or comparison.interval.high <= 1 + 1e-9
    assert comparison.interval.low <= comparison.size.low * (1 + 1e-9)
    assert comparison.size.high <= comparison.interval.high * (1 + 1e-9)


def test_an_unsolved_run_counts_with_the_difference_to_where_it_ended() -> None:
    """A pair with an unsolved run is worth as much as if this had solved there; no more is known."""
    a = solved(*range(500, 512))
    b = [SolveTime(400.0 + 20 * seed, seed % 3 > 0) for seed in range(12)]
    at_the_end = solved(*(time.completions for time in b))
    wins = [seed for seed in range(12) if b[seed].solved or b[seed].completions > a[seed].completions]
    kept = [compare_times([a[seed] for seed in wins], [runs[seed] for seed in wins]).p for runs in (b, at_the_end)]
    assert kept[0] == kept[1]
    # If it ended before the other run solved, nothing is known, and the pair does not count.
    assert compare_times(a, b).p == kept[0]


def test_few_seeds_get_no_interval_and_no_p() -> None:
    comparison = compare_times(solved(1000, 1200, 900), solved(500, 600, 450))
    assert comparison.size == pytest.approx((0.5, 0.5))
    assert (comparison.interval, comparison.p, comparison.improvement_interval) == (None, None, None)


def test_equal_values_are_ties() -> None:
    comparison = compare_values([0.5] * 10, [0.5] * 10)
    assert (comparison.p, comparison.improvement, comparison.size) == (1.0, 0.5, (0.0, 0.0))


def test_holms_correction_of_the_textbook_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.8, 0.6]) == [1.0, 1.0]
    assert holm([0.04]) == [0.04]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10))
def test_holm_keeps_the_order_and_is_between_no_correction_and_bonferronis(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    for (p, a), (other_p, other_a) in itertools.combinations(zip(p_values, adjusted, strict=True), 2):
        assert a == other_a or (a < other_a) == (p < other_p)
    for p, a in zip(p_values, adjusted, strict=True):
        assert p <= a <= min(1.0, len(p_values) * p) or math.isclose(a, len(p_values) * p)


def test_without_a_difference_the_test_seldom_finds_one_also_with_unsolved_runs() -> None:
    """At most 5% are promised; by chance 300 experiments give more than 26 in one of 1,000 such tests."""
    generator = np.random.default_rng(0)
    found = 0
    for _ in range(300):
        drawn = np.exp(generator.normal(7.0, 0.5, (1, 10)) + generator.normal(0.0, 0.5, (2, 10)))
        a, b = ([SolveTime(float(min(x, 1600.0)), bool(x <= 1600.0)) for x in row] for row in drawn)
        p = compare_times(a, b).p
        found += p is not None and p <= 0.05
    assert found <= 26
