import statistics

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pgplay.learning.schedules.kl_weight import (
    ADAPTER_SMOOTHING,
    AHEAD,
    MOST_KL_WEIGHT,
    UNSMOOTHED,
    USUAL_KL_WEIGHT,
    KlLevel,
    Smoothing,
    kl_weight,
    next_level,
)
from tests.learning.helpers import trainer

LIMIT = 0.4
NATS = st.floats(0.0, 5.0)


def weight(divergence: float, limit: float | None = LIMIT, before: float | None = None) -> float:
    exact = torch.tensor(divergence, dtype=torch.float64)
    earlier = None if before is None else KlLevel(before, 0.0)
    return kl_weight(0.1, limit, next_level(earlier, exact, UNSMOOTHED)).item()


@given(NATS)
def test_without_a_limit_the_weight_stays(nats: float) -> None:
    assert weight(nats, None) == pytest.approx(0.1)


@given(NATS, NATS)
def test_it_grows_within_bounds_near_the_limit(a: float, b: float) -> None:
    near, far = sorted((a, b))
    assert 0.1 <= weight(near) + 1e-12 <= weight(far) + 2e-12 <= MOST_KL_WEIGHT * 0.1 + 3e-12


def test_it_is_the_slope_of_the_barrier() -> None:
    nats = torch.linspace(0.0, 0.98 * LIMIT, 20, dtype=torch.float64).requires_grad_()
    barrier = -0.1 * LIMIT * (1 - nats / LIMIT).log()
    (slope,) = torch.autograd.grad(barrier.sum(), nats)
    assert [weight(value) for value in nats.tolist()] == pytest.approx(slope.tolist())


def test_it_extrapolates_only_a_growing_kl() -> None:
    assert weight(0.1, before=0.06) == pytest.approx(weight(0.1 + AHEAD * 0.04))
    assert weight(0.1, before=0.2) == weight(0.1, before=0.1) == weight(0.1)


def divergences(**settings: object) -> list[float]:
    """Return the KL that a run reports at each of its first sixty steps."""
    one = trainer(algorithm="rloo", batch_size=64, entropy=0.0, kl=USUAL_KL_WEIGHT, **settings)
    return [one.step().metrics["kl_reference"] for _ in range(60)]


@pytest.mark.training
@pytest.mark.parametrize("seed", range(3))
def test_a_run_that_would_go_far_beyond_its_limit_stays_below_it(seed: int) -> None:
    """Its initial weight alone would not hold it; docs/tasks.md has the figures of a model of English.

    Of eight seeds the highest was 1.35 to 1.52 without the limit. With it the mean of the last twenty steps was 0.20 to
    0.24, the highest of a run 0.279 to 0.300, and once 0.327: one step of 480 exceeded the three-step extrapolation.
    """
    assert max(divergences(seed=seed)) > 0.8
    limited = divergences(seed=seed, kl_limit=0.3)
    assert sum(value > 0.3 for value in limited) <= 2
    assert 0.15 < statistics.fmean(limited[-20:]) < 0.27


def test_the_reported_weight_follows_from_the_kl_before_the_update() -> None:
    one = trainer(kl_limit=0.05, batch_size=64)
    told = [one.step().metrics for _ in range(10)]
    before = None
    for metrics in told:
        before = next_level(before, torch.tensor(metrics["kl_reference"]), UNSMOOTHED)
        assert metrics["kl_weight"] == pytest.approx(kl_weight(USUAL_KL_WEIGHT, 0.05, before).item(), rel=1e-4)
    assert told[0]["kl_weight"] == pytest.approx(USUAL_KL_WEIGHT)
    assert max(metrics["kl_weight"] for metrics in told) > 2 * USUAL_KL_WEIGHT


def test_smoothing_follows_a_steady_growth_without_lag() -> None:
    level: KlLevel | None = None
    for step in range(100):
        level = next_level(level, 0.1 + 0.02 * step, ADAPTER_SMOOTHING)
    assert level == (pytest.approx(0.1 + 0.02 * 99), pytest.approx(0.02))


def test_smoothing_passes_on_part_of_the_noise_around_a_level() -> None:
    noise = torch.randn(500, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    def spread(smoothing: Smoothing) -> float:
        level: KlLevel | None = None
        ahead: list[float] = []
        for one in noise.tolist():
            level = next_level(level, 0.3 + 0.05 * one, smoothing)
            ahead.append(level.level + AHEAD * max(level.growth, 0.0))
        return statistics.stdev(ahead)

    assert spread(ADAPTER_SMOOTHING) < spread(UNSMOOTHED) / 3
