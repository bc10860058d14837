"""A control variate: what each token seems to have been worth, learnt from rewards alone, so that it can be left out.

A completion's advantage A is credited to each of its tokens alike, so what the other tokens did is noise to it. For any
function q with sum over a of pi(a|s) q(s, a) = 0, and for any other position k of the same completion,

    E[grad log pi(a_t|s_t) q(s_k, a_k)] = 0,    so that    A_t = A - sum over k != t of q(s_k, a_k)

leaves the expected gradient as it is; and so it does that the token's own q(s_t, a_t) is not weighed for the one that
was drawn but for all that could have been, sum over a of pi(a|s_t) q(s_t, a) grad log pi(a|s_t), which has no noise at
all (Q-Prop, Gu et al. 2016, arXiv:1611.02247). The better the sum of q
foretells A, the less noise is left; a q with sum of q(s_t, a_t) = A is the advantage function itself (direct advantage
estimation, Pan et al. 2022, arXiv:2109.06093). Where a baseline compares completions, what the others' tokens are worth
is left out of A likewise, and a mean that holds the completion itself takes its share off the token's own q
(`advantages.Baseline`): in groups of two, half of the noise is the other's.

Here q is the sum of two. One is known, where the reward counts edits: what each token would do to the edits that are
still needed (`credit.every_tokens_credit`), times the worth of an edit. The other is linear in the network's features
and fitted to what is left by ridge regression on the completions of past batches, old ones fading (recursive least
squares). Neither that regression nor the worth of an edit has seen the present batch: a q that had would bias.

Only where the loss weighs a token by what was sampled after it (a mean over a completion's own length) is that exact
no longer; tests/learning/test_control_variate.py holds both.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from pgplay.learning.advantages import Baseline
from pgplay.policies.prefixes import of_actions_at, spread

FADING = 0.98
"""Share that a batch keeps of its weight in the regression at each later one: it remembers about fifty. With 0.9, 60
characters stay unsolved."""
RIDGE = 10.0
FEATURES = 48
TOKENS = 24
"""Wider features and larger alphabets are projected at random to so many dimensions. With 48 x 24 in place of 129 x 28,
30 characters took as many completions."""
LARGEST = 3.0
"""Limit of one token's worth, in units of the advantages' root mean square."""
ITERATIONS = 10
TINY = 1e-30
BELIEF_FADING = 0.9
"""The same for the running means that say how far q is to be believed."""
BLOCK = 64
"""Rows of the symmetric matrix that are kept to one width: 53% of it is written, at the speed of a plain copy."""


class Steadied(NamedTuple):
    """Advantages (B, T), and the share of Var(A) that the sums of q explain: 1 - Var(A - sum q) / Var(A).

    worth (P, V): q of every token after each prefix, which `advantages` hold for the one that was drawn. left (B,): A
    less the known part of q. foretold (B, 2): the sums of both parts of q, known and fitted, compared as the rewards
    are, as they are before each is multiplied by how far it is believed.
    """

    advantages: Tensor
    worth: Tensor
    explained: Tensor
    left: Tensor
    foretold: Tensor


class Drawn(NamedTuple):
    """The policy's choices: after P prefixes described (P, at most FEATURES), with probabilities (P, V).

    places, actions, mask (B, T): which prefix each place has, and what was drawn there. baseline: how the completions
    are compared. credit (P, V): what is known of every token's worth, in any unit; None where nothing is.
    """

    described: Tensor
    probabilities: Tensor
    places: Tensor
    actions: Tensor
    mask: Tensor
    baseline: Baseline
    credit: Tensor | None = None

    def sampled(self, q: Tensor) -> Tensor:
        """Return q(s_t, a_t) (B, T) of `q` (P, V), 0 outside the mask."""
        return torch.where(self.mask, of_actions_at(q, self.places, self.actions), 0.0)


def centred(values: Tensor, probabilities: Tensor) -> Tensor:
    """Return `values` (..., V) less their mean under `probabilities` (..., V)."""
    return values - (probabilities * values).sum(-1, keepdim=True)


def without_the_others(advantages: Tensor, worth: Tensor, mask: Tensor, baseline: Baseline) -> Tensor:
    """Return A_t (B, T): each completion's advantage (B,) less the `worth` (B, T) of all tokens but its own."""
    left = advantages - baseline.compared(worth.sum(1))
    return torch.where(mask, left[:, None] + baseline.own_share(len(worth)) * worth, 0.0)


def conjugate_gradients(squares: Tensor, ridge: float, products: Tensor, start: Tensor) -> Tensor:
    """Return w (N,) nearer than `start` to solving (squares + ridge) w = products (Hestenes and Stiefel 1952).

    squares (N, N) is symmetric and positive semidefinite. Begun at the last batch's solution, a few iterations do what
    a factorisation does in a tenth of the time.
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
    """Return (n,) the rows of `matrix` (N, N) as far as its diagonal, in blocks of `BLOCK` rows that end alike."""
    ends = range(BLOCK, len(matrix) + BLOCK, BLOCK)
    return torch.cat([matrix[end - BLOCK : end, :end].flatten() for end in ends])


def symmetric(lower: Tensor, size: int) -> Tensor:
    """Return the symmetric matrix (size, size) whose `lower_half` (n,) is `lower`."""
    matrix, begun = lower.new_empty(size, size), 0
    for start in range(0, size, BLOCK):
        rows = matrix[start : start + BLOCK, : start + BLOCK]
        rows.copy_(lower[begun : begun + rows.numel()].view_as(rows))
        matrix[:start, start : start + BLOCK] = rows[:, :start].t()
        begun += rows.numel()
    return matrix


class ControlVariate:
    """The regression: it foretells the advantages of a batch, and then learns from that batch."""

    def __init__(self, width: int, vocabulary: int, device: torch.device) -> None:
        self._feature_map = _projection(width + 1, FEATURES).to(device)
        self._token_map = _projection(vocabulary, TOKENS).to(device)
        dimensions = self._token_map.shape[1], self._feature_map.shape[1]
        size = dimensions[0] * dimensions[1]
        self._weights = torch.zeros(dimensions, device=device)
        # Fading sums over completions, X being what is regressed on: X'X, X'A, and of A squared and of ones.
        self._squares = torch.zeros(size, size, device=device)
        self._products = torch.zeros(size, device=device)
        self._spread = torch.zeros(2, device=device)
        # Running means of (sum of q) * A and of (sum of q)^2 for both parts of q: their ratio is the belief.
        self._agreement = torch.zeros(2, 2, device=device)

    @torch.no_grad()
    def drawn(
        self,
        features: Tensor,
        log_p_all: Tensor,
        places: Tensor,
        actions: Tensor,
        mask: Tensor,
        baseline: Baseline,
        credit: Tensor | None = None,
    ) -> Drawn:
        """Return what was drawn in a batch; features (P, W), to which a constant is added, log_p_all (P, V)."""
        described = features @ self._feature_map[:-1] + self._feature_map[-1]
        return Drawn(described, log_p_all.exp(), places, actions, mask, baseline, credit)

    @torch.no_grad()
    def steady(self, drawn: Drawn, advantages: Tensor) -> Steadied:
        """Return the completions' `advantages` (B,) for each token, less what the others are foretold to be worth."""
        an_edit, belief = self._believed()
        known, fitted = self._known(drawn), self._fitted(drawn)
        everyones = an_edit * known + belief * fitted
        foretold = drawn.baseline.compared(torch.stack([drawn.sampled(part).sum(1) for part in (known, fitted)], 1))
        unexplained = advantages - an_edit * foretold[:, 0] - belief * foretold[:, 1]
        before, after = (part.var().clamp_min(1e-12) for part in (advantages, unexplained))
        return Steadied(
            without_the_others(advantages, drawn.sampled(everyones), drawn.mask, drawn.baseline),
            drawn.baseline.own_share(len(advantages)) * everyones,
            1 - after / before,
            advantages - an_edit * foretold[:, 0],
            foretold,
        )

    @torch.no_grad()
    def learn(self, drawn: Drawn, advantages: Tensor, steadied: Steadied) -> None:
        """Take in what was `drawn`, its completions' `advantages` (B,), and how they were `steadied`."""
        truths = torch.stack([advantages, steadied.left], 1)
        seen = torch.stack([(steadied.foretold * truths).mean(0), steadied.foretold.square().mean(0)])
        self._agreement.mul_(BELIEF_FADING).add_(seen, alpha=1 - BELIEF_FADING)
        expected = spread(drawn.probabilities @ self._token_map, drawn.places)
        surprise = (spread(self._token_map, drawn.actions) - expected) * drawn.mask[:, :, None]
        described = spread(drawn.described, drawn.places)
        inputs = drawn.baseline.compared(surprise.transpose(1, 2).bmm(described).flatten(1))
        left = steadied.left
        self._squares.addmm_(inputs.t(), inputs, beta=FADING)
        self._products.mul_(FADING).add_(left @ inputs)
        self._spread.mul_(FADING).add_(torch.stack([left.square().sum(), torch.ones_like(left).sum()]))
        weights = conjugate_gradients(self._squares, RIDGE, self._products, self._weights.flatten())
        self._weights.copy_(weights.view_as(self._weights))

    def state(self) -> dict[str, Tensor]:
        """Return everything that it remembers, by name; of the symmetric matrix, which is most of it, a half.

        A device that rounds the two halves differently has it kept whole: what follows is then still bit for bit.
        """
        is_symmetric = torch.equal(self._squares, self._squares.t())
        return self._small() | {"squares": lower_half(self._squares) if is_symmetric else self._squares}

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        """Take over what `state` returned."""
        for name, tensor in self._small().items():
            tensor.copy_(tensors[name])
        squares = tensors["squares"]
        self._squares.copy_(squares if squares.dim() == 2 else symmetric(squares, len(self._squares)))

    def _small(self) -> dict[str, Tensor]:
        return {name: getattr(self, f"_{name}") for name in ("weights", "products", "spread", "agreement")}

    @staticmethod
    def _known(drawn: Drawn) -> Tensor:
        """Return the known part of q(s_t, a) (P, V), in the credit's unit."""
        if drawn.credit is None:
            return torch.zeros_like(drawn.probabilities)
        return centred(drawn.credit, drawn.probabilities)

    def _fitted(self, drawn: Drawn) -> Tensor:
        """Return the fitted part of q(s_t, a) (P, V)."""
        q = centred(drawn.described @ (self._token_map @ self._weights).t(), drawn.probabilities)
        limit = LARGEST * (self._spread[0] / self._spread[1].clamp_min(1.0)).sqrt()
        return centred(q.clamp(-limit, limit), drawn.probabilities)

    def _believed(self) -> tuple[Tensor, Tensor]:
        """Return the worth of a unit of credit, never negative, and how far the fitted part is believed, 0 to 1."""
        known, fitted = self._agreement[0] / self._agreement[1].clamp_min(TINY)
        return known.clamp_min(0.0), fitted.clamp(0.0, 1.0)


def _projection(dimensions: int, most: int) -> Tensor:
    """Return a matrix (dimensions, at most `most`) that nearly keeps inner products (Johnson, Lindenstrauss 1984)."""
    if dimensions <= most:
        return torch.eye(dimensions)
    return torch.randn(dimensions, most, generator=torch.Generator().manual_seed(dimensions)) / math.sqrt(most)
