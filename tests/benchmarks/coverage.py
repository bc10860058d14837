"""What the statistics of compare and sweep hold: coverage of intervals, error rates and power, simulated.

    python -m tests.benchmarks.coverage [--experiments 2000] [--seed 0] [--only ratio]

Completions until solved are log-normal: a factor that both recipes share on a seed (deviation 0.5 of the logarithm),
and one of each run's own (0.4). Where runs are unsolved, a limit ends a third of the first recipe's runs. Nothing is
trained.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pgplay.experiments.statistics.estimates import FEW, Interval, mean_interval, share_interval
from pgplay.experiments.statistics.looks import ERROR, error_per_look, looks_at
from pgplay.experiments.statistics.pairs import compare_times, gains_in_time, holm, signed_rank_p
from pgplay.experiments.statistics.survival import SolveTime, median_time

MEDIAN, SHARED, OWN = 1000.0, 0.5, 0.4
LIMIT = MEDIAN * math.exp(0.4307 * math.hypot(SHARED, OWN))
"""The limit that a third of the first recipe's runs do not reach: 0.4307 is the normal quantile of two thirds."""
MOST_SEEDS = 64

MEASURES: dict[str, tuple[Callable[[np.random.Generator, int], NDArray[np.float64]], float]] = {
    "a measure": (lambda rng, n: rng.beta(2.0, 2.0, n), 1 / 2),
    "a skewed measure": (lambda rng, n: rng.beta(5.0, 1.0, n), 5 / 6),
    "a measure that is mostly 1": (lambda rng, n: np.where(rng.random(n) < 0.7, 1.0, rng.random(n)), 0.85),
}
"""How each is drawn for several seeds, and its true mean."""

Rows = Sequence[Sequence[SolveTime]]


def draw(generator: np.random.Generator, seeds: int, ratios: Sequence[float], limit: float) -> Rows:
    """Return the runs of one experiment: for each of `ratios` a recipe that needs that many times the completions."""
    shared = generator.normal(0.0, SHARED, seeds)
    own = generator.normal(0.0, OWN, (len(ratios), seeds))
    drawn = MEDIAN * np.asarray(ratios)[:, None] * np.exp(shared + own)
    return [[SolveTime(float(min(time, limit)), bool(time <= limit)) for time in recipe] for recipe in drawn]


def _holds(interval: Interval | None, truth: float) -> bool | None:
    """Whether `interval` holds the `truth`; None where too few seeds solve to give one."""
    return None if interval is None else interval.low <= truth <= interval.high


def _p(a: Sequence[SolveTime], b: Sequence[SolveTime]) -> float:
    """Return the p of a comparison, 1 where it gives none."""
    known = [gain for gain in gains_in_time(a, b) if gain.is_known]
    return signed_rank_p(known) if len(known) >= FEW else 1.0


def _between_two(generator: np.random.Generator, seeds: int, ratio: float, limit: float) -> bool:
    """Whether two recipes are told apart."""
    return _p(*draw(generator, seeds, (1.0, ratio), limit)) <= ERROR


def _any_of_three(generator: np.random.Generator, looks: Sequence[int]) -> bool:
    """Whether one of two recipes is told apart from an equal first at one of `looks`, after Holm's correction."""
    first, *others = draw(generator, looks[-1], (1.0, 1.0, 1.0), math.inf)
    return any(
        min(holm([_p(first[:seeds], other[:seeds]) for other in others])) <= error_per_look(len(looks))
        for seeds in looks
    )


def _at_any_look(generator: np.random.Generator, ratio: float, limit: float) -> bool:
    """Whether an experiment that adds seeds tells the recipes apart at one of its looks."""
    first, second = draw(generator, MOST_SEEDS, (1.0, ratio), limit)
    looks = looks_at(MOST_SEEDS)
    return any(_p(first[:seeds], second[:seeds]) <= error_per_look(len(looks)) for seeds in looks)


def _with_seeds_added(generator: np.random.Generator, looks: Sequence[int]) -> bool:
    """Whether equal recipes are told apart at one of `looks`, each planned after the one before it."""
    first, second = draw(generator, looks[-1], (1.0, 1.0), math.inf)
    return any(
        _p(first[:seeds], second[:seeds]) <= error_per_look(number) for number, seeds in enumerate(looks, 1)
    )


def _bootstrap_of_three(generator: np.random.Generator) -> bool:
    """Whether a percentile bootstrap of three seeds' mean holds the true mean of their logarithms."""
    values = generator.normal(0.0, 1.0, 3)
    means = generator.choice(values, (1000, 3)).mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return bool(low <= 0.0 <= high)


def simulations() -> Iterator[tuple[str, str, Callable[[np.random.Generator], bool | None]]]:
    """Yield a name, what is promised, and an experiment of which the share that returns True is printed."""
    limits = {"all solved": math.inf, "a third unsolved": LIMIT}
    for trials, share in ((8, 0.5), (8, 0.9), (10, 0.8), (20, 0.95)):
        yield (
            f"share solved, {trials} seeds, true share {share}",
            "95%",
            lambda rng, n=trials, p=share: _holds(share_interval(int(rng.binomial(n, p)), n), p),
        )
    for seeds, (name, limit) in itertools.product((8, 10, 20, 50), limits.items()):
        yield (
            f"median completions, {seeds} seeds, {name}",
            "95%",
            lambda rng, n=seeds, end=limit: _holds(median_time(draw(rng, n, (1.0,), end)[0]).interval, MEDIAN),
        )
    for seeds, (name, limit) in itertools.product((8, 10, 20, 50), limits.items()):
        yield (
            f"ratio 0.6, {seeds} seeds, {name}",
            "95%",
            lambda rng, n=seeds, end=limit: _holds(compare_times(*draw(rng, n, (1.0, 0.6), end)).interval, 0.6),
        )
    for seeds, (name, (measure, mean)) in itertools.product((8, 16, 30), MEASURES.items()):
        yield (
            f"mean of {name}, {seeds} seeds",
            "95%",
            lambda rng, n=seeds, draw=measure, truth=mean: _holds(
                mean_interval(draw(rng, n).tolist(), int(rng.integers(2**31))), truth
            ),
        )
    yield "for comparison: percentile bootstrap, 3 seeds", "95%", _bootstrap_of_three
    for seeds, (name, limit) in itertools.product((8, 10, 20, 50), limits.items()):
        yield (
            f"false difference, {seeds} seeds, {name}",
            "at most 5%",
            lambda rng, n=seeds, end=limit: _between_two(rng, n, 1.0, end),
        )
    for name, looks in (("10 seeds", [10]), ("until told apart", looks_at(MOST_SEEDS))):
        yield f"false difference, three recipes, {name}", "at most 5%", lambda rng, n=looks: _any_of_three(rng, n)
    for name, limit in limits.items():
        yield (
            f"false difference, until told apart, {name}",
            "at most 5%",
            lambda rng, end=limit: _at_any_look(rng, 1.0, end),
        )
    for looks in ([10, 20], [10, 20, 40]):
        name = " to ".join(map(str, looks))
        yield f"false difference, seeds added from {name}", "", lambda rng, n=looks: _with_seeds_added(rng, n)
    for ratio, (name, limit) in itertools.product((0.6, 0.8), limits.items()):
        for seeds in (8, 10, 20):
            yield (
                f"ratio {ratio} told apart, {seeds} seeds, {name}",
                "",
                lambda rng, n=seeds, r=ratio, end=limit: _between_two(rng, n, r, end),
            )
        yield (
            f"ratio {ratio} told apart, until told apart, {name}",
            "",
            lambda rng, r=ratio, end=limit: _at_any_look(rng, r, end),
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", metavar="TEXT", help="the rows whose name has this text in it")
    options = parser.parse_args(arguments)
    print(f"{'':<54} {'promised':>10} {'simulated':>10}")
    for name, promised, experiment in simulations():
        if options.only not in name:
            continue
        generator = np.random.default_rng(options.seed)
        results = [result for _ in range(options.experiments) if (result := experiment(generator)) is not None]
        print(f"{name:<54} {promised:>10} {sum(results) / len(results):>10.1%}", flush=True)


if __name__ == "__main__":
    main()
