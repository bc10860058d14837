"""A per-token control variate: a Q-function fitted to rewards.

Subtracting the other tokens' q lowers the gradient's variance without bias. A completion's advantage A is credited to
each of its tokens alike, so the contribution of its other tokens is noise. For any
function q with sum over a of pi(a|s) q(s, a) = 0, and for any other position k of the same completion,

    E[grad log pi(a_t|s_t) q(s_k, a_k)] = 0,    so that    A_t = A - sum over k != t of q(s_k, a_k)

leaves the expected gradient unchanged. So does replacing the token's own term q(s_t, a_t) grad log pi(a_t|s_t) by its
expectation, sum over a of pi(a|s_t) q(s_t, a) grad log pi(a|s_t), which has no sampling noise (Q-Prop, Gu et al. 2016,
arXiv:1611.02247). The better the sum of q predicts A, the less noise is left; a q with sum of q(s_t, a_t) = A is the
advantage function itself (direct advantage estimation, Pan et al. 2022, arXiv:2109.06093). If the baseline compares
completions, the q of their tokens is subtracted likewise, and a mean that includes the completion itself takes its
share off the token's own q (`advantages.Baseline`): in groups of two, half of the noise is the other's.

Here q is the sum of two parts. The known part exists if the reward counts edits: the effect of each token on the edits
still needed (`dense_credit.every_tokens_credit`), times the value of an edit. The fitted part is linear in the
network's features: a ridge regression of the remaining advantage on past batches' completions, with fading weights
(recursive least squares). Where tokens are several characters, a vocabulary is too large for that, and it is linear in
the counts of a token's characters alone. Neither the regression nor the value of an edit has seen the present batch, as
that would bias the gradient.

The estimate is biased only if the loss weighs a token by the tokens sampled after it (a mean over a completion's own
length); tests/learning/test_control_variate.py holds both.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from pgplay.learning.objective.advantages import Baseline
from pgplay.learning.objective.control_variate_shapes import BLOCK_ROWS, COUNTED_CHARACTERS, FEATURES, TOKENS
from pgplay.learning.objective.losses import explained_share
from pgplay.policies.distribution import TokenDistribution, TokenValues
from pgplay.policies.prefix_tree import spread
from pgplay.policies.ranks import ALONE, Ranks

FADING = 0.98
"""Factor on a batch's weight in the regression per later batch: about fifty are remembered, as a long text needs."""
RIDGE = 10.0
LARGEST_Q = 3.0
"""Largest q of one token, in units of the advantages' root mean square."""
ITERATIONS = 10
TINY = 1e-30
SHRINKAGE_FADING = 0.9
"""The same factor for the running means behind q's shrinkage factor."""


class VarianceReduced(NamedTuple):
    """Per-token advantages (B, T), and the share of Var(A) that the sums of q explain: 1 - Var(A - sum q) / Var(A).

    q_values: q of every token after each prefix; `advantages` hold that of the sampled one. remaining (B,): A
    less the known part of q. predicted (B, 2): the sums of q's known and fitted parts, compared as the rewards are,
    before each is multiplied by its shrinkage factor.
    """

    advantages: Tensor
    q_values: TokenValues
    explained: Tensor
    remaining: Tensor
    predicted: Tensor


class SampledTokens(NamedTuple):
    """A batch's sampled tokens with the features and probabilities that they were drawn from.

    described (P, at most FEATURES): the projected features of P prefixes, and `distribution` of the token after each.
    prefix_index, actions, mask (B, T): the prefix number of each token, and the token. baseline: how completions are
    compared. credit: every token's known value, in any unit; None if nothing is known. With several `ranks` the
    prefixes, and the rows of prefix_index, are this rank's.
    """

    described: Tensor
    distribution: TokenDistribution
    prefix_index: Tensor
    actions: Tensor
    mask: Tensor
    baseline: Baseline
    credit: TokenValues | None = None
    ranks: Ranks = ALONE

    def q_of(self, q_values: TokenValues) -> Tensor:
        """Return q(s_t, a_t) (B, T) of `q_values`, 0 outside the mask."""
        own = q_values.of(self.ranks.own(self.actions), self.prefix_index)
        (whole,) = self.ranks.whole([own], len(self.mask))
        return torch.where(self.mask, whole, 0.0)


def centred(q_values: TokenValues, distribution: TokenDistribution) -> TokenValues:
    """Return `q_values` less their mean under `distribution`."""
    return q_values.less(distribution.expected(q_values))


def subtract_other_tokens(advantages: Tensor, q: Tensor, mask: Tensor, baseline: Baseline) -> Tensor:
    """Return A_t (B, T): each completion's advantage (B,) less the `q` (B, T) of all tokens but its own."""
    remaining = advantages - baseline.compared(q.sum(1))
    return torch.where(mask, remaining[:, None] + baseline.own_share(len(q)) * q, 0.0)


def conjugate_gradients(squares: Tensor, ridge: float, products: Tensor, start: Tensor) -> Tensor:
    """Return w (N,) nearer than `start` to solving (squares + ridge) w = products (Hestenes and Stiefel 1952).

    squares (N, N) is symmetric and positive semidefinite. Started at the last batch's solution, a few iterations
    suffice, in far less time than a factorisation takes.
    """
    solution = start.clone()
    residual = products - squares @ solution - ridge * solution
    direction, length = residual.clone(), residual @ residual
    for _ in range(ITERATIONS):
        image = squares @ direction + ridge * direction
        step = length / (direction @ image).clamp_min(TINY)
        solution += step * direction
        residual -= step * image
        length, previous = residual @ residual, length
        direction = residual + length / previous.clamp_min(TINY) * direction
    return solution


def lower_half(matrix: Tensor) -> Tensor:
    """Return (n,) the rows of `matrix` (N, N) as far as its diagonal, in blocks of `BLOCK_ROWS` rows that end alike."""
    ends = range(BLOCK_ROWS, len(matrix) + BLOCK_ROWS, BLOCK_ROWS)
    return torch.cat([matrix[end - BLOCK_ROWS : end, :end].flatten() for end in ends])


def symmetric(lower: Tensor, size: int) -> Tensor:
    """Return the symmetric matrix (size, size) whose `lower_half` (n,) is `lower`."""
    matrix, begun = lower.new_empty(size, size), 0
    for start in range(0, size, BLOCK_ROWS):
        rows = matrix[start : start + BLOCK_ROWS, : start + BLOCK_ROWS]
        rows.copy_(lower[begun : begun + rows.numel()].view_as(rows))
        matrix[:start, start : start + BLOCK_ROWS] = rows[:, :start].t()
        begun += rows.numel()
    return matrix


class ControlVariate:
    """Ridge regression of advantages on features; predicts a batch first, then fits it."""

    def __init__(self, width: int, vocabulary: int, device: torch.device, token_texts: Sequence[str] = ()) -> None:
        """Fit q to tokens and features; to the characters of `token_texts` alone (V), if tokens are several of them."""
        if token_texts:
            feature_map, token_map = torch.eye(width + 1)[:, -1:], _character_counts(token_texts)
        else:
            feature_map, token_map = _projection(width + 1, FEATURES), _projection(vocabulary, TOKENS)
        self._feature_map, self._token_map = feature_map.to(device), token_map.to(device)
        dimensions = self._token_map.shape[1], self._feature_map.shape[1]
        size = dimensions[0] * dimensions[1]
        self._weights = torch.zeros(dimensions, device=device)
        # Fading sums over completions, X being the regression's inputs: X'X, X'A, and of A squared and of ones.
        self._squares = torch.zeros(size, size, device=device)
        self._products = torch.zeros(size, device=device)
        self._spread = torch.zeros(2, device=device)
        # Running means of (sum of q) * A and of (sum of q)^2 for both parts of q: their ratio is the shrinkage factor.
        self._agreement = torch.zeros(2, 2, device=device)

    @torch.no_grad()
    def describe(self, features: Tensor) -> Tensor:
        """Return `features` (P, W), with a constant added, projected to at most FEATURES dimensions."""
        return features @ self._feature_map[:-1] + self._feature_map[-1]

    @torch.no_grad()
    def apply(self, sampled: SampledTokens, advantages: Tensor) -> VarianceReduced:
        """Return the completions' `advantages` (B,) per token, less the q predicted for the other tokens."""
        value_of_credit, shrinkage = self._factors()
        fitted, credit = self._fitted(sampled), sampled.credit
        known = fitted.map(torch.zeros_like) if credit is None else centred(credit, sampled.distribution)
        q_values = known.map(lambda part: value_of_credit * part).plus(fitted.map(lambda part: shrinkage * part))
        predicted = sampled.baseline.compared(torch.stack([sampled.q_of(part).sum(1) for part in (known, fitted)], 1))
        own_share = sampled.baseline.own_share(len(advantages))
        unexplained = advantages - value_of_credit * predicted[:, 0] - shrinkage * predicted[:, 1]
        return VarianceReduced(
            advantages=subtract_other_tokens(advantages, sampled.q_of(q_values), sampled.mask, sampled.baseline),
            q_values=q_values.map(lambda q: own_share * q),
            explained=explained_share(advantages.var(), unexplained.var()),
            remaining=advantages - value_of_credit * predicted[:, 0],
            predicted=predicted,
        )

    @torch.no_grad()
    def learn(self, sampled: SampledTokens, advantages: Tensor, reduced: VarianceReduced) -> None:
        """Fit the `sampled` tokens to their completions' `advantages` (B,), which `apply` has `reduced`."""
        truths = torch.stack([advantages, reduced.remaining], 1)
        agreement = torch.stack([(reduced.predicted * truths).mean(0), reduced.predicted.square().mean(0)])
        self._agreement.mul_(SHRINKAGE_FADING).add_(agreement, alpha=1 - SHRINKAGE_FADING)
        expected = spread(sampled.distribution.expected_vector(self._token_map), sampled.prefix_index)
        actions, mask = sampled.ranks.own(sampled.actions), sampled.ranks.own(sampled.mask)
        surprise = (spread(self._token_map, actions) - expected) * mask[:, :, None]
        described = spread(sampled.described, sampled.prefix_index)
        (inputs,) = sampled.ranks.whole([surprise.transpose(1, 2).bmm(described).flatten(1)], len(sampled.mask))
        inputs = sampled.baseline.compared(inputs)
        remaining = reduced.remaining
        self._squares.addmm_(inputs.t(), inputs, beta=FADING)
        self._products.mul_(FADING).add_(remaining @ inputs)
        self._spread.mul_(FADING).add_(torch.stack([remaining.square().sum(), torch.ones_like(remaining).sum()]))
        weights = conjugate_gradients(self._squares, RIDGE, self._products, self._weights.flatten())
        self._weights.copy_(weights.view_as(self._weights))

    def state(self) -> dict[str, Tensor]:
        """Return the fitted state by name; the symmetric matrix, which is most of it, as its lower half.

        If the device rounds the two halves differently, the whole matrix is kept, so that resuming is bit for bit.
        """
        is_symmetric = torch.equal(self._squares, self._squares.t())
        return self._small() | {"squares": lower_half(self._squares) if is_symmetric else self._squares}

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        """Restore the `tensors` that `state` returned."""
        for name, tensor in self._small().items():
            tensor.copy_(tensors[name])
        squares = tensors["squares"]
        self._squares.copy_(squares if squares.dim() == 2 else symmetric(squares, len(self._squares)))

    def _small(self) -> dict[str, Tensor]:
        return {name: getattr(self, f"_{name}") for name in ("weights", "products", "spread", "agreement")}

    def _fitted(self, sampled: SampledTokens) -> TokenValues:
        """Return the fitted part of q(s_t, a)."""
        distribution = sampled.distribution
        q_values = centred(distribution.linear_values(sampled.described, self._token_map @ self._weights), distribution)
        limit = LARGEST_Q * (self._spread[0] / self._spread[1].clamp_min(1.0)).sqrt()
        return centred(q_values.map(lambda q: q.clamp(-limit, limit)), distribution)

    def _factors(self) -> tuple[Tensor, Tensor]:
        """Return the advantage per unit of credit, never negative, and the fitted part's shrinkage factor, 0 to 1."""
        known, fitted = self._agreement[0] / self._agreement[1].clamp_min(TINY)
        return known.clamp_min(0.0), fitted.clamp(0.0, 1.0)


def _character_counts(token_texts: Sequence[str]) -> Tensor:
    """Return how often each of the commonest characters occurs in each token (V, COUNTED_CHARACTERS).

    The last column is 1 for a token without a text, such as the stop token.
    """
    commonest = Counter("".join(token_texts)).most_common(COUNTED_CHARACTERS - 1)
    columns = {character: column for column, (character, _) in enumerate(commonest)}
    counts = torch.zeros(len(token_texts), COUNTED_CHARACTERS)
    for token, text in enumerate(token_texts):
        for character in columns.keys() & set(text):
            counts[token, columns[character]] = text.count(character)
    counts[:, -1] = torch.tensor([float(not text) for text in token_texts])
    return counts


def _projection(dimensions: int, most: int) -> Tensor:
    """Return a matrix (dimensions, at most `most`) that nearly keeps inner products (Johnson, Lindenstrauss 1984)."""
    if dimensions <= most:
        return torch.eye(dimensions)
    return torch.randn(dimensions, most, generator=torch.Generator().manual_seed(dimensions)) / math.sqrt(most)
