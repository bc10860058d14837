"""The contract of every TokenDistribution, against a sum over the tokens one by one.

`ChunkedDistribution` keeps features and computes the logits of a few prefixes at a time, as a large vocabulary needs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from pgplay.policies.chunked_distribution import ChunkedDistribution, ChunkedMeasures
from pgplay.policies.density import Density
from pgplay.policies.distribution import (
    EVERY_PREFIX,
    DenseDistribution,
    DenseValues,
    TokenDistribution,
)
from pgplay.policies.prefix_tree import spread

PREFIXES, WIDTH, VOCABULARY = 3, 4, 7
KINDS = ("dense", "chunked")
DENSITIES = (Density(), Density(temperature=0.6), Density(top_k=3))
EXACT = {"atol": 1e-12, "rtol": 1e-9}


def sum_of(parts: Iterable[Tensor]) -> Tensor:
    return torch.stack([*parts]).sum(0)


class Case(NamedTuple):
    """A distribution under test, the features that its gradient goes to, and its probabilities as plain numbers."""

    distribution: Any
    features: Tensor
    log_p: list[list[float]]


def case(kind: str, density: Density, seed: int = 0) -> Case:
    draw = torch.Generator().manual_seed(seed)
    features, head = (
        torch.randn(*size, generator=draw, dtype=torch.float64) for size in ((PREFIXES, WIDTH), (WIDTH, VOCABULARY))
    )
    features.requires_grad_()
    log_probabilities = density.log_probabilities(features @ head)
    chosen: TokenDistribution = DenseDistribution(log_probabilities)
    if kind == "chunked":

        def logits(part: Tensor) -> Tensor:
            return part @ head

        chosen = ChunkedDistribution(features, logits, lambda part: logits(part.detach()), density, rows=2)
    return Case(chosen, features, log_probabilities.tolist())


every_kind = pytest.mark.parametrize("kind", KINDS)
every_density = pytest.mark.parametrize("density", DENSITIES, ids=["plain", "temperature", "top-k"])


def means(log_p: list[list[float]], value: Callable[[int, int, float], float]) -> Tensor:
    """Return for each prefix the sum over its possible tokens of p times `value(prefix, token, log p)`."""
    rows = [
        sum(math.exp(own) * value(prefix, token, own) for token, own in enumerate(row) if own > -math.inf)
        for prefix, row in enumerate(log_p)
    ]
    return torch.tensor(rows, dtype=torch.float64)


@every_kind
@every_density
def test_the_log_probability_of_each_action_is_looked_up_at_its_place(kind: str, density: Density) -> None:
    given = case(kind, density)
    prefix_index = torch.tensor([[0, 2, 1], [2, 2, 0]])
    for token in range(VOCABULARY):
        actions = (torch.arange(6).view(2, 3) + token) % VOCABULARY
        wanted = [[given.log_p[at][action] for at, action in zip(*rows, strict=True)]
                  for rows in zip(prefix_index.tolist(), actions.tolist(), strict=True)]  # fmt: skip
        found = given.distribution.log_p(actions, prefix_index)
        torch.testing.assert_close(found, torch.tensor(wanted, dtype=torch.float64), **EXACT)


@every_kind
@every_density
def test_the_entropy_is_the_sum_over_the_tokens(kind: str, density: Density) -> None:
    given = case(kind, density)
    wanted = means(given.log_p, lambda prefix, token, log_p: -log_p)
    torch.testing.assert_close(given.distribution.entropy().detach(), wanted, **EXACT)


@every_kind
def test_the_kl_goes_from_this_distribution_to_the_other(kind: str) -> None:
    one, other = case(kind, Density(top_k=3)), case(kind, Density(), seed=1)
    wanted = means(one.log_p, lambda prefix, token, log_p: log_p - other.log_p[prefix][token])
    torch.testing.assert_close(one.distribution.kl(other.distribution).detach(), wanted, **EXACT)
    assert one.distribution.kl(one.distribution).abs().max() < 1e-12
    assert other.distribution.kl(one.distribution).eq(math.inf).all()


@every_kind
@every_density
def test_expectations_are_the_sums_over_the_tokens(kind: str, density: Density) -> None:
    given = case(kind, density)
    q = torch.randn(PREFIXES, VOCABULARY, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    wanted = means(given.log_p, lambda prefix, token, _: q[prefix, token].item())
    torch.testing.assert_close(given.distribution.expected(DenseValues(q)).detach(), wanted, **EXACT)
    vectors = q.t().contiguous()
    for column in range(PREFIXES):
        wanted = means(given.log_p, lambda _, token, __, at=column: vectors[token, at].item())
        found = given.distribution.expected_vector(vectors)[:, column]
        torch.testing.assert_close(found.detach(), wanted, **EXACT)


@every_kind
@every_density
def test_measurements_of_sampled_tokens_and_their_gradients_are_those_of_each_alone(
    kind: str, density: Density
) -> None:
    given, other = case(kind, density), case(kind, Density(), seed=1)
    prefix_index = torch.tensor([[0, 2, 1, 1], [2, 2, 0, 0]])
    likeliest = given.distribution.most_likely(3)[0]  # so that no filter removes them
    actions = likeliest[prefix_index, torch.tensor([[0, 1, 2, 1], [0, 2, 1, 0]])]
    mask = torch.tensor([[True, True, False, True], [False, True, True, True]])
    found = given.distribution.measure(actions, prefix_index, mask, other.distribution.detach())
    alone, frozen = case("dense", density), case("dense", Density(), seed=1).distribution.detach()
    wanted = ChunkedMeasures(
        log_p=alone.distribution.log_p(actions, prefix_index),
        log_q=frozen.log_p(actions, prefix_index),
        kl=spread(alone.distribution.kl(frozen), prefix_index),
        entropy=spread(alone.distribution.entropy(), prefix_index),
    )
    slopes, names = [], ("log_p", "kl", "entropy")
    for measured, features in ((found, given.features), (wanted, alone.features)):
        numbers = (weight * getattr(measured, name)[mask].square().sum() for weight, name in enumerate(names, 1))
        slopes.append(torch.autograd.grad(sum_of(numbers), features)[0])
    torch.testing.assert_close(*slopes, **EXACT)
    for name in (*names, "log_q"):
        torch.testing.assert_close(getattr(found, name)[mask], getattr(wanted, name)[mask], **EXACT)
    assert given.distribution.measure(actions, prefix_index, mask, None).kl is None


@every_kind
def test_an_expected_loss_counts_tokens_possible_both_then_and_now(kind: str) -> None:
    then, now = case(kind, Density(top_k=4)), case(kind, Density(top_k=3), seed=1)
    q = torch.randn(PREFIXES, VOCABULARY, generator=torch.Generator().manual_seed(3), dtype=torch.float64)

    def loss(log_p: Tensor, log_q: Tensor, values: Tensor, possible: Tensor) -> Tensor:
        return torch.where(possible, values * (log_p - 2 * log_q), 0.0)

    def of_token(prefix: int, token: int, log_q: float) -> float:
        log_p = now.log_p[prefix][token]
        return q[prefix, token].item() * (log_p - 2 * log_q) if log_p > -math.inf else 0.0

    found = then.distribution.detach().expected_loss(now.distribution, DenseValues(q), loss)
    torch.testing.assert_close(found.detach(), means(then.log_p, of_token), **EXACT)
    (slope,) = torch.autograd.grad(found.sum(), now.features)
    assert slope.isfinite().all()
    assert slope.any()


@every_kind
@pytest.mark.parametrize("count", [1, 3, VOCABULARY + 2])
def test_the_most_likely_tokens_come_first(kind: str, count: int) -> None:
    given = case(kind, Density())
    tokens, log_p = given.distribution.most_likely(count)
    for row, numbers, values in zip(given.log_p, tokens.tolist(), log_p.tolist(), strict=True):
        order = sorted(range(VOCABULARY), key=lambda token, own=row: -own[token])
        assert numbers == order[:count]
        assert values == pytest.approx([row[token] for token in numbers])


@every_kind
@every_density
def test_gradients_are_those_of_the_sums_over_all_tokens(kind: str, density: Density) -> None:
    def slopes(distribution: TokenDistribution, features: Tensor) -> list[Tensor]:
        prefix_index, actions = torch.arange(PREFIXES)[None], features.detach().argmax(1)[None]
        kl = distribution.kl(distribution.detach())
        numbers = distribution.entropy(), kl, distribution.log_p(actions, prefix_index)
        numbers = [torch.where(number.isfinite(), number, 0.0) for number in numbers]
        return [torch.autograd.grad(number.sum(), features, retain_graph=True)[0] for number in numbers]

    plain, given = case("dense", density), case(kind, density)
    for found, wanted in zip(
        slopes(given.distribution, given.features), slopes(plain.distribution, plain.features), strict=True
    ):
        assert found.isfinite().all()
        torch.testing.assert_close(found, wanted, **EXACT)


@every_kind
def test_a_detached_distribution_has_the_same_numbers_and_no_gradient(kind: str) -> None:
    given = case(kind, Density())
    frozen = given.distribution.detach()
    assert torch.equal(frozen.entropy(), given.distribution.entropy().detach())
    assert not frozen.entropy().requires_grad
    assert given.distribution.entropy().requires_grad


def test_the_dense_entropy_has_the_slope_of_finite_differences() -> None:
    """The other gradients are compared with the dense ones, so these need a check of their own."""
    draw = torch.Generator().manual_seed(1)
    other = DenseDistribution(torch.randn(2, 5, generator=draw, dtype=torch.float64).log_softmax(-1))
    logits = torch.randn(2, 5, generator=draw, dtype=torch.float64, requires_grad=True)
    for density, name in itertools.product((Density(), Density(top_k=3)), ("entropy", "kl")):

        def value(given: Tensor, density: Density = density, name: str = name) -> Tensor:
            distribution = DenseDistribution(density.log_probabilities(given))
            return distribution.entropy() if name == "entropy" else distribution.kl(other)

        assert torch.autograd.gradcheck(value, logits)


@every_kind
def test_numbers_of_tokens_are_looked_up_changed_and_added_alike(kind: str) -> None:
    draw = torch.Generator().manual_seed(4)
    features = torch.randn(PREFIXES, WIDTH, generator=draw, dtype=torch.float64)
    weights = torch.randn(VOCABULARY, WIDTH, generator=draw, dtype=torch.float64)
    table = features @ weights.t()
    values = case(kind, Density()).distribution.linear_values(features, weights)
    torch.testing.assert_close(values.after(slice(1, 3)), table[1:3], **EXACT)
    prefix_index, actions = torch.tensor([[0, 2], [1, 1]]), torch.tensor([[6, 0], [3, 4]])
    changed = values.map(lambda q: q.clamp(-1, 1)).plus(values).less(table[:, 0])
    wanted = table.clamp(-1, 1) + table - table[:, :1]
    torch.testing.assert_close(changed.after(EVERY_PREFIX), wanted, **EXACT)
    torch.testing.assert_close(changed.of(actions, prefix_index), wanted[prefix_index, actions], **EXACT)
