"""The contract of every TokenDistribution, held against a sum over the tokens one by one.

`ChunkedDistribution` is a second implementation that keeps features and computes the logits a few tokens at a time, as
a large vocabulary needs: what it can do within the protocol, a loss may ask for.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Self

import pytest
import torch
from torch import Tensor

from pgplay.policies.density import Density
from pgplay.policies.distribution import (
    EVERY_TOKEN,
    DenseDistribution,
    DenseValues,
    TokenDistribution,
    TokenLoss,
    TokenValues,
)

PREFIXES, WIDTH, VOCABULARY = 3, 4, 7
KINDS = ("dense", "chunked")
DENSITIES = (Density(), Density(temperature=0.6), Density(top_k=3))
EXACT = {"atol": 1e-12, "rtol": 1e-9}


class ChunkedValues(NamedTuple):
    """Numbers that are computed for a slice of the tokens whenever they are asked for; no (P, V) is ever stored."""

    compute: Callable[[slice], Tensor]

    def part(self, tokens: slice) -> Tensor:
        return self.compute(tokens)

    def of(self, actions: Tensor, prefix_index: Tensor) -> Tensor:
        flat = zip(prefix_index.flatten().tolist(), actions.flatten().tolist(), strict=True)
        chosen = [self.compute(slice(token, token + 1))[prefix, 0] for prefix, token in flat]
        return torch.stack(chosen).view(actions.shape)

    def map(self, change: Callable[[Tensor], Tensor]) -> ChunkedValues:
        return ChunkedValues(lambda tokens: change(self.compute(tokens)))

    def plus(self, other: TokenValues) -> ChunkedValues:
        return ChunkedValues(lambda tokens: self.compute(tokens) + other.part(tokens))

    def less(self, of_prefix: Tensor) -> ChunkedValues:
        return ChunkedValues(lambda tokens: self.compute(tokens) - of_prefix[:, None])


class ChunkedDistribution(NamedTuple):
    """Features (P, W) and a head (W, V) at a temperature; each sum goes over chunks of two tokens."""

    features: Tensor
    head: Tensor
    temperature: float
    cut: Tensor
    """(P, 1): logits below it are removed, as by top-k."""

    def chunks(self) -> Iterator[tuple[slice, Tensor]]:
        """Return the log-probabilities (P, 2) of each chunk."""
        norm = torch.stack([logits.logsumexp(1) for _, logits in self._logits()]).logsumexp(0)[:, None]
        for tokens, logits in self._logits():
            yield tokens, logits - norm

    def _logits(self) -> Iterator[tuple[slice, Tensor]]:
        for start in range(0, self.head.shape[1], 2):
            logits = self.features @ self.head[:, start : start + 2] / self.temperature
            yield slice(start, start + 2), logits.masked_fill(logits < self.cut, -torch.inf)

    def log_p(self, actions: Tensor, prefix_index: Tensor) -> Tensor:
        result = torch.zeros(actions.shape, dtype=self.features.dtype)
        for tokens, log_p in self.chunks():
            here = (actions >= tokens.start) & (actions < tokens.start + log_p.shape[1])
            chosen = (actions - tokens.start).clamp(0, log_p.shape[1] - 1)
            result = torch.where(here, log_p[prefix_index, chosen], result)
        return result

    def entropy(self) -> Tensor:
        return -sum_of((log_p.exp() * log_p.masked_fill(log_p == -torch.inf, 0.0)).sum(1) for _, log_p in self.chunks())

    def kl(self, other: Self) -> Tensor:
        pairs = zip(self.chunks(), other.chunks(), strict=True)
        return sum_of(
            (log_p.exp() * (log_p - log_q).masked_fill(log_p == -torch.inf, 0.0)).sum(1)
            for (_, log_p), (_, log_q) in pairs
        )

    def linear_values(self, features: Tensor, weights: Tensor) -> ChunkedValues:
        return ChunkedValues(lambda tokens: features @ weights[tokens].t())

    def expected(self, q: TokenValues) -> Tensor:
        return sum_of((log_p.exp() * q.part(tokens)).sum(1) for tokens, log_p in self.chunks())

    def expected_vector(self, vectors: Tensor) -> Tensor:
        return sum_of(log_p.exp() @ vectors[tokens] for tokens, log_p in self.chunks())

    def expected_loss(self, now: Self, q: TokenValues, loss: TokenLoss) -> Tensor:
        result = torch.zeros(len(self.features), dtype=self.features.dtype)
        for (tokens, log_q), (_, log_p) in zip(self.chunks(), now.chunks(), strict=True):
            possible = (log_p > -torch.inf) & (log_q > -torch.inf)
            given = (torch.where(possible, values, 0.0) for values in (log_p, log_q))
            result = result + (log_q.exp() * loss(*given, q.part(tokens), possible)).sum(1)
        return result

    def most_likely(self, count: int) -> tuple[Tensor, Tensor]:
        tokens = torch.zeros(len(self.features), 0, dtype=torch.long)
        values = torch.zeros(len(self.features), 0, dtype=self.features.dtype)
        for chunk, log_p in self.chunks():
            numbers = torch.arange(chunk.start, chunk.start + log_p.shape[1]).expand_as(log_p)
            tokens, values = torch.cat([tokens, numbers], 1), torch.cat([values, log_p], 1)
            values, order = values.topk(min(count, values.shape[1]), 1)
            tokens = tokens.gather(1, order)
        return tokens, values

    def detach(self) -> Self:
        return self._replace(features=self.features.detach(), head=self.head.detach())


def sum_of(parts: Any) -> Tensor:
    return torch.stack(list(parts)).sum(0)


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
    chosen = DenseDistribution(log_probabilities)
    if kind == "chunked":
        logits = (features @ head / density.temperature).detach()
        cut = torch.full((PREFIXES, 1), -torch.inf, dtype=torch.float64)
        if density.top_k:
            cut = logits.topk(density.top_k).values[:, -1:]
        return Case(ChunkedDistribution(features, head, density.temperature, cut), features, log_probabilities.tolist())
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
def test_the_divergence_goes_from_the_own_distribution_to_the_other(kind: str) -> None:
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
def test_an_expected_loss_counts_the_tokens_that_are_possible_then_and_now(kind: str) -> None:
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
def test_the_likeliest_tokens_come_first(kind: str, count: int) -> None:
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
    """The gradients of the others are compared with those of the dense one, so these are checked on their own."""
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
    torch.testing.assert_close(values.part(slice(2, 5)), table[:, 2:5], **EXACT)
    prefix_index, actions = torch.tensor([[0, 2], [1, 1]]), torch.tensor([[6, 0], [3, 4]])
    changed = values.map(lambda q: q.clamp(-1, 1)).plus(values).less(table[:, 0])
    wanted = table.clamp(-1, 1) + table - table[:, :1]
    torch.testing.assert_close(changed.part(EVERY_TOKEN), wanted, **EXACT)
    torch.testing.assert_close(changed.of(actions, prefix_index), wanted[prefix_index, actions], **EXACT)
