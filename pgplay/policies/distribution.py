"""The next token's distribution after each of many prefixes, through the quantities that losses need.

No method returns a (P, V) tensor, so a large vocabulary can be summed in chunks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, Self

import torch
from torch import Tensor

from pgplay.policies.density import entropy, kl_divergence
from pgplay.policies.prefix_tree import of_actions_at

TokenLoss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""Maps log p, log q, values and a mask of the tokens possible under both, all (P, any number of tokens), to losses of
that shape. log p and log q are 0 outside the mask."""


class TokenDistribution(Protocol):
    """The distribution over V tokens after each of P prefixes; a token that a filter removes has probability 0."""

    def log_p(self, actions: Tensor, prefix_index: Tensor) -> Tensor:
        """Return the log-probabilities (B, T) of `actions` (B, T), after the prefixes `prefix_index` (B, T)."""
        ...

    def entropy(self) -> Tensor:
        """Return the exact entropy (P,) in nats."""
        ...

    def kl(self, other: Self) -> Tensor:
        """Return the exact KL(self || other) (P,) in nats."""
        ...

    def expected(self, q: Tensor) -> Tensor:
        """Return the mean (P,) of the finite values `q` (P, V) over the next token."""
        ...

    def expected_vector(self, vectors: Tensor) -> Tensor:
        """Return the mean (P, D) over the next token of its row in `vectors` (V, D)."""
        ...

    def expected_loss(self, now: Self, q: Tensor, loss: TokenLoss) -> Tensor:
        """Return the mean (P,) over the next token of `loss(now's log p, own log p, q, possible)`, with q (P, V)."""
        ...

    def most_likely(self, count: int) -> tuple[Tensor, Tensor]:
        """Return the most likely tokens and their log-probabilities, both (P, at most `count`), in descending order."""
        ...

    def detach(self) -> Self:
        """Return the same distribution as a constant to the gradient."""
        ...


class DenseDistribution(NamedTuple):
    """A distribution stored as log_probabilities (P, V), for small vocabularies."""

    log_probabilities: Tensor

    def log_p(self, actions: Tensor, prefix_index: Tensor) -> Tensor:
        """Return the log-probabilities (B, T) of `actions` (B, T), after the prefixes `prefix_index` (B, T)."""
        return of_actions_at(self.log_probabilities, prefix_index, actions)

    def entropy(self) -> Tensor:
        """Return the exact entropy (P,) in nats."""
        return entropy(self.log_probabilities)

    def kl(self, other: Self) -> Tensor:
        """Return the exact KL(self || other) (P,) in nats."""
        return kl_divergence(self.log_probabilities, other.log_probabilities)

    def expected(self, q: Tensor) -> Tensor:
        """Return the mean (P,) of the finite values `q` (P, V) over the next token."""
        return (self.log_probabilities.exp() * q).sum(-1)

    def expected_vector(self, vectors: Tensor) -> Tensor:
        """Return the mean (P, D) over the next token of its row in `vectors` (V, D)."""
        return self.log_probabilities.exp() @ vectors

    def expected_loss(self, now: Self, q: Tensor, loss: TokenLoss) -> Tensor:
        """Return the mean (P,) over the next token of `loss(now's log p, own log p, q, possible)`, with q (P, V)."""
        possible = (now.log_probabilities > -torch.inf) & (self.log_probabilities > -torch.inf)
        log_p, log_q = (torch.where(possible, one.log_probabilities, 0.0) for one in (now, self))
        return self.expected(loss(log_p, log_q, q, possible))

    def most_likely(self, count: int) -> tuple[Tensor, Tensor]:
        """Return the most likely tokens and their log-probabilities, both (P, at most `count`), in descending order."""
        values, tokens = self.log_probabilities.topk(min(count, self.log_probabilities.shape[-1]), -1)
        return tokens, values

    def detach(self) -> Self:
        """Return the same distribution as a constant to the gradient."""
        return self._replace(log_probabilities=self.log_probabilities.detach())
