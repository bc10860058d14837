"""Temperature and filters against code that goes token by token, and exact sums against enumerated ones."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pgplay.policies.density import Density, entropy, kl_divergence

LOGITS = st.lists(st.floats(-8, 8).map(lambda value: round(value, 3)), min_size=1, max_size=8)
DENSITIES = st.builds(
    Density,
    temperature=st.sampled_from([0.05, 0.3, 0.7, 1.0, 2.0, 10.0]),
    top_k=st.integers(0, 10),
    top_p=st.sampled_from([0.05, 0.31, 0.5, 0.83, 0.97, 1.0]),
    min_p=st.sampled_from([0.0, 0.013, 0.11, 0.47, 1.0]),
)


def softmax(logits: list[float]) -> list[float]:
    highest = max(logits)
    powers = [math.exp(value - highest) for value in logits]
    return [power / sum(powers) for power in powers]


def log_probabilities(density: Density, logits: list[float]) -> list[float]:
    return density.log_probabilities(torch.tensor(logits, dtype=torch.float64)).tolist()


def kept(found: list[float]) -> set[int]:
    return {token for token, value in enumerate(found) if value > -math.inf}


@settings(deadline=None, max_examples=300)
@given(LOGITS, DENSITIES)
def test_filters_keep_a_distribution_its_most_likely_token_and_the_odds(logits: list[float], density: Density) -> None:
    found = log_probabilities(density, logits)
    assert sum(map(math.exp, found)) == pytest.approx(1.0, abs=1e-9)
    likeliest = logits.index(max(logits))
    assert likeliest in kept(found)
    for token in kept(found):
        odds = (logits[token] - logits[likeliest]) / density.temperature
        assert found[token] - found[likeliest] == pytest.approx(odds, abs=1e-6)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(-80, 80), min_size=1, max_size=8, unique=True), st.integers(1, 10))
def test_top_k_keeps_the_k_most_likely(tenths: list[int], k: int) -> None:
    logits = [value / 10 for value in tenths]
    ranked = sorted(range(len(logits)), key=lambda token: -logits[token])
    assert kept(log_probabilities(Density(top_k=k), logits)) == set(ranked[:k])


@settings(deadline=None, max_examples=200)
@given(LOGITS, st.floats(0.01, 0.99))
def test_top_p_keeps_a_smallest_set_with_its_share(logits: list[float], share: float) -> None:
    probabilities = softmax(logits)
    stayed = kept(log_probabilities(Density(top_p=share), logits))
    held = sum(probabilities[token] for token in stayed)
    least = min(probabilities[token] for token in stayed)
    assert held >= share - 1e-9
    assert held - least < share + 1e-9
    assert all(probabilities[token] <= least for token in range(len(logits)) if token not in stayed)


@settings(deadline=None, max_examples=200)
@given(LOGITS, st.floats(0.001, 1.0))
def test_min_p_keeps_tokens_likely_enough_compared_with_the_most_likely(logits: list[float], share: float) -> None:
    probabilities = softmax(logits)
    stayed = kept(log_probabilities(Density(min_p=share), logits))
    for token, probability in enumerate(probabilities):
        if probability > share * max(probabilities) * (1 + 1e-6):
            assert token in stayed
        if probability < share * max(probabilities) * (1 - 1e-6):
            assert token not in stayed


@settings(deadline=None, max_examples=100)
@given(LOGITS, st.sampled_from([0.05, 0.5, 2.0, 10.0]))
def test_temperature_keeps_the_order(logits: list[float], temperature: float) -> None:
    found = log_probabilities(Density(temperature), logits)
    assert [a > b for a in found for b in found] == [a > b for a in logits for b in logits]
    assert found == pytest.approx([math.log(p) for p in softmax([value / temperature for value in logits])])


@settings(deadline=None, max_examples=300)
@given(st.lists(st.integers(-80, 80), min_size=1, max_size=8, unique=True), DENSITIES)
def test_filters_are_applied_one_after_the_other(tenths: list[int], density: Density) -> None:
    """Temperature, top-k, top-p of the rest, then min-p of the rest."""
    logits = [value / 10 / density.temperature for value in tenths]
    ranked = sorted(range(len(logits)), key=lambda token: -logits[token])
    ranked = ranked[: density.top_k or None]
    probabilities = softmax([logits[token] for token in ranked])
    before = [sum(probabilities[:number]) for number in range(len(ranked))]
    if any(abs(share - density.top_p) < 1e-9 for share in before):
        return
    ranked = [
        token for token, share in zip(ranked, before, strict=True) if density.top_p == 1.0 or share < density.top_p
    ]
    ratios = {token: math.exp(logits[token] - logits[ranked[0]]) for token in ranked}
    if any(abs(ratio - density.min_p) < 1e-6 for ratio in ratios.values() if ratio < 1):
        return
    expected = {token for token in ranked if ratios[token] >= density.min_p}
    assert kept(log_probabilities(density, [value / 10 for value in tenths])) == expected


def test_rows_are_filtered_independently() -> None:
    logits = torch.tensor([[3.0, 0.0, 1.0], [0.0, 2.0, 2.5]], dtype=torch.float64)
    density = Density(top_k=2, top_p=0.9)
    together = density.log_probabilities(logits)
    for row, single in zip(together, logits, strict=True):
        torch.testing.assert_close(row, density.log_probabilities(single))


FILTERED = [
    Density(),
    Density(0.7),
    Density(top_k=2),
    Density(top_p=0.8),
    Density(min_p=0.2),
    Density(1.3, 3, 0.95, 0.01),
]


@pytest.mark.parametrize("density", FILTERED)
def test_entropy_and_kl_are_the_enumerated_sums(density: Density) -> None:
    log_p = log_probabilities(density, [0.3, -1.0, 2.0, 0.0])
    log_q = log_probabilities(Density(), [1.0, 0.5, -0.5, 0.2])
    own = sum(-math.exp(a) * a for a in log_p if a > -math.inf)
    divergence = sum(math.exp(a) * (a - b) for a, b in zip(log_p, log_q, strict=True) if a > -math.inf)
    p, q = torch.tensor(log_p), torch.tensor(log_q)
    assert entropy(p).item() == pytest.approx(own, abs=1e-6)
    assert kl_divergence(p, q).item() == pytest.approx(divergence, abs=1e-6)


def test_kl_has_the_right_direction() -> None:
    """A classic mistake: the reverse looks just as plausible."""
    p, q = torch.tensor([0.9, 0.1]).log(), torch.tensor([0.5, 0.5]).log()
    assert kl_divergence(p, q).item() == pytest.approx(0.9 * math.log(1.8) + 0.1 * math.log(0.2))
    assert kl_divergence(q, p).item() == pytest.approx(0.5 * math.log(5 / 9) + 0.5 * math.log(5))


def test_kl_is_zero_to_itself_and_infinite_where_the_other_has_no_probability() -> None:
    filtered = Density(top_k=2).log_probabilities(torch.tensor([1.0, 0.5, 0.0]))
    assert kl_divergence(filtered, filtered).item() == 0.0
    assert kl_divergence(torch.zeros(3).log_softmax(0), filtered).item() == math.inf


@pytest.mark.parametrize("density", FILTERED)
def test_gradients_through_filters_are_finite_and_right(density: Density) -> None:
    logits = torch.tensor([[0.3, -1.0, 2.0, 0.0], [1.0, 0.1, -3.0, 0.7]], dtype=torch.float64, requires_grad=True)
    other = torch.tensor([1.0, 0.5, -0.5, 0.2], dtype=torch.float64).log_softmax(0)
    assert torch.autograd.gradcheck(lambda x: entropy(density.log_probabilities(x)), logits)
    assert torch.autograd.gradcheck(lambda x: kl_divergence(density.log_probabilities(x), other), logits)
