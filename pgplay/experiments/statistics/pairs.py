"""Two recipes compared seed by seed: a paired test, the size of the difference, and how often one wins.

A pair's difference may be known only within bounds: if one of its runs is unsolved, it is at least that to where this
run ended; if both are, it is unknown. A pair counts with the least difference within its bounds, and not at all where
that is none. This favours neither recipe, as long as the runs of a pair have the same limit: the test is then exact.
"""

from __future__ import annotations

import bisect
import math
import statistics
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pgplay.experiments.statistics.estimates import CONFIDENCE, FEW, Interval, share_interval
from pgplay.experiments.statistics.survival import SolveTime

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_EXACT = 64
"""The most pairs whose flips are all counted: the time grows with the cube of the pairs."""

_ROUNDING = 1e-12


class PairedComparison(NamedTuple):
    """How b differs from a over `pairs` seeds with a known difference.

    `size` is a ratio of completions, or a difference of measures: one number, or a range with one open end if unsolved
    runs leave it open; None without pairs. `p` is two-sided. `interval` and `p` are None for few pairs. `favours` is 1
    where the signed ranks favour b, -1 where they favour a, else 0. `improvement` is the share of all seeds on which b
    is better; ties count half. `each` holds the size of each pair, within its bounds.
    """

    pairs: int
    size: Interval | None
    interval: Interval | None
    p: float | None
    favours: int
    improvement: float
    improvement_interval: Interval | None
    each: tuple[Interval, ...]


def compare_times(
    a: Sequence[SolveTime], b: Sequence[SolveTime], confidence: float = CONFIDENCE
) -> PairedComparison:
    """Return how many times the completions of `a` the runs of `b` need, paired by seed; fewer is better."""
    comparison = _compare(gains_in_time(a, b), confidence)
    return comparison._replace(
        size=None if comparison.size is None else _ratio(comparison.size),
        interval=None if comparison.interval is None else _ratio(comparison.interval),
        each=tuple(map(_ratio, comparison.each)),
    )


def compare_values(a: Sequence[float], b: Sequence[float], confidence: float = CONFIDENCE) -> PairedComparison:
    """Return by how much the values of `b` exceed those of `a`, paired by seed; more is better."""
    gains = [second - first for first, second in zip(a, b, strict=True)]
    return _compare([Interval(gain, gain) for gain in gains], confidence)


def gains_in_time(a: Sequence[SolveTime], b: Sequence[SolveTime]) -> list[Interval]:
    """Return the bounds of the logarithm of a's completions over b's for each seed: above 0 where b is better."""
    return [_log_ratio(second, first) for first, second in zip(a, b, strict=True)]


def _log_ratio(below: SolveTime, above: SolveTime) -> Interval:
    known = math.log(above.completions / below.completions)
    if above.solved:
        return Interval(known if below.solved else -math.inf, known)
    return Interval(known if below.solved else -math.inf, math.inf)


def _ratio(gain: Interval) -> Interval:
    return Interval(_power(-gain.high), _power(-gain.low))


def _power(logarithm: float) -> float:
    return math.exp(logarithm) if logarithm < math.inf else math.inf


def _compare(gains: Sequence[Interval], confidence: float) -> PairedComparison:
    """Return the comparison of pairs in which b is better by `gains`, each within its bounds."""
    known = [gain for gain in gains if gain.is_known]
    halves = len(gains) + sum(_sign(_least(gain)) for gain in gains)
    enough = len(known) >= FEW
    points = _turning_points(known)
    balance = _balance(known, points)
    return PairedComparison(
        pairs=len(known),
        size=_size(known, balance) if known else None,
        interval=_shift_interval(known, points, balance, confidence) if enough else None,
        p=signed_rank_p(known) if enough else None,
        favours=_sign(_excess(known, 0.0)),
        improvement=halves / (2 * len(gains)) if gains else 0.5,
        improvement_interval=_improvement_interval(halves, len(gains), confidence) if len(gains) >= FEW else None,
        each=tuple(known),
    )


def _improvement_interval(halves: int, pairs: int, confidence: float) -> Interval:
    """Return Wilson's interval of a share in which ties count half; a half is rounded outwards."""
    return Interval(
        share_interval(halves // 2, pairs, confidence).low, share_interval((halves + 1) // 2, pairs, confidence).high
    )


def _sign(value: float) -> int:
    return int(value > 0) - int(value < 0)


def _least(gain: Interval, shift: float = 0.0) -> float:
    """Return the least difference between `shift` and a value within the bounds of `gain`, with its sign."""
    if gain.low > shift:
        return gain.low - shift
    return min(gain.high - shift, 0.0)


def signed_rank_p(gains: Sequence[Interval], shift: float = 0.0) -> float:
    """Return the two-sided p of the hypothesis that a gain exceeds `shift` as often as not (Wilcoxon 1945).

    A permutation test of the signed ranks over all flips of signs: exact up to MOST_EXACT pairs, also with ties, and
    for more the normal approximation, with a correction for continuity.
    """
    ranks, positive = _signed_ranks(gains, shift)
    if len(ranks) > MOST_EXACT:
        deviation = abs(positive - ranks.sum() / 2) - 1  # half a rank
        return min(1.0, math.erfc(max(0.0, deviation) / math.sqrt(float((ranks**2).sum()) / 2)))
    shares = _distribution(tuple(sorted(ranks.tolist())))
    return min(1.0, 2 * float(min(shares[: positive + 1].sum(), shares[positive:].sum())))


def _signed_ranks(gains: Sequence[Interval], shift: float) -> tuple[NDArray[np.int_], int]:
    """Return twice the ranks of the least differences from `shift`, and the sum of the positive ones; none for 0."""
    import numpy as np
    from scipy.stats import rankdata

    signed = np.asarray([least for gain in gains if (least := _least(gain, shift))], dtype=float)
    # Ranks of ties are halves, so twice a rank is whole.
    ranks = np.rint(2 * rankdata(np.abs(signed))).astype(int)
    return ranks, int(ranks[signed > 0].sum())


@lru_cache(maxsize=64)  # without ties, all shifts of a comparison have the same ranks
def _distribution(ranks: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the probability of each sum of `ranks` when each is in it or not, by the flip of a coin."""
    import numpy as np

    shares = np.zeros(sum(ranks) + 1)
    shares[0] = 1.0
    for rank in ranks:
        shares[rank:] = shares[rank:] / 2 + shares[: len(shares) - rank] / 2
        shares[:rank] /= 2
    return shares


def _turning_points(gains: Sequence[Interval]) -> list[float]:
    """Return the shifts at which the signed ranks change: the mean of each two known ends (Walsh 1949), in order."""
    import numpy as np

    ends = np.asarray([gain.low if math.isfinite(gain.low) else gain.high for gain in gains])
    first, second = np.triu_indices(len(ends))
    return [-math.inf, *np.unique((ends[first] + ends[second]) / 2).tolist(), math.inf]


def _first_between(points: Sequence[float], holds: Callable[[float], bool]) -> int:
    """Return the first place in `points` after which `holds` is true for the shifts before the next point.

    It is true after the last place but one if it is anywhere, so that a search by halves finds it.
    """

    def shift(place: int) -> float:
        low, high = points[place], points[place + 1]
        if math.isinf(low):
            return high - 1.0
        return low + 1.0 if math.isinf(high) else (low + high) / 2

    return bisect.bisect_left(range(len(points) - 1), True, key=lambda place: holds(shift(place)))


def _balance(gains: Sequence[Interval], points: Sequence[float]) -> Interval:
    """Return the shifts at which positive and negative ranks balance (Hodges and Lehmann 1963)."""
    return Interval(
        points[_first_between(points, lambda shift: _excess(gains, shift) <= 0)],
        points[_first_between(points, lambda shift: _excess(gains, shift) < 0)],
    )


def _excess(gains: Sequence[Interval], shift: float) -> int:
    """Return twice the sum of the signed ranks of the differences from `shift`."""
    ranks, positive = _signed_ranks(gains, shift)
    return int(2 * positive - ranks.sum())


def _size(gains: Sequence[Interval], balance: Interval) -> Interval:
    """Return the middle of the `balance`; if that is open, the range of the gains' median by their bounds."""
    middle = sum(balance) / 2
    if math.isfinite(middle):
        return Interval(middle, middle)
    low, high = (statistics.median(ends) for ends in zip(*gains, strict=True))
    return Interval(low, high)


def _shift_interval(
    gains: Sequence[Interval], points: Sequence[float], balance: Interval, confidence: float
) -> Interval:
    """Return the shifts that the test does not reject (Tukey 1949), so that it excludes 0 where the test does."""
    error = 1 - confidence + _ROUNDING

    def kept_from_below(shift: float) -> bool:
        return shift > balance.low or signed_rank_p(gains, shift) > error

    def rejected_from_above(shift: float) -> bool:
        return shift > balance.high and signed_rank_p(gains, shift) <= error

    return Interval(
        points[_first_between(points, kept_from_below)], points[_first_between(points, rejected_from_above)]
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Return `p_values` adjusted so that one in twenty families, not tests, has a false positive (Holm 1979)."""
    adjusted = [1.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, (len(p_values) - rank) * p_values[place])
        adjusted[place] = min(1.0, largest)
    return adjusted
