"""The next token's distribution after each of many prefixes, and numbers for each of its tokens.

Both are known through the quantities that losses need. No method returns a (P, V) tensor, so a large vocabulary can be
summed in chunks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, Self

import torch
from torch import Tensor

from pgplay.policies.density import entropy, kl_divergence
from pgplay.policies.prefix_tree import of_actions_at, spread

TokenLoss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""Maps log p, log q, values and a mask of the tokens possible under both, all (P, any number of tokens), to losses of
that shape. log p and log q are 0 outside the mask."""


EVERY_PREFIX = slice(None)
"""The slice of the prefixes that is all of them."""


class TokenValues(Protocol):
    """A finite number for each of V tokens after each of P prefixes, such as q-values; constant to the gradient."""

    def of(self, actions: Tensor, prefix_index: Tensor) -> Tensor:
        """Return the numbers (B, T) of `actions` (B, T), after the prefixes `prefix_index` (B, T)."""
        ...

    def after(self, prefixes: slice) -> Tensor:
        """Return the numbers (n, V) after these n prefixes."""
        ...

    def map(self, change: Callable[[Tensor], Tensor]) -> TokenValues:
        """Return `change` of each number; it is given tensors of any shape."""
        ...

    def plus(self, other: TokenValues) -> TokenValues:
        """Return the sums with `other`, of the same shape."""
        ...

    def less(self, of_prefix: Tensor) -> TokenValues:
        """Return the numbers less one number per prefix, `of_prefix` (P,)."""
        ...


class TokenMeasures(Protocol):
    """What a loss asks of sampled tokens, all (B, T), and defined where they were sampled. Ask for each once."""

    @property
    def log_p(self) -> Tensor:
        """The tokens' log-probabilities."""

    @property
    def log_q(self) -> Tensor | None:
        """The same under the other distribution; None without one."""

    @property
    def kl(self) -> Tensor | None:
        """The exact KL, from the distribution that each token was drawn from to the other one; None without one."""

    @property
    def entropy(self) -> Tensor:
        """The exact entropy of the distribution that each token was drawn from."""


class TokenDistribution(Protocol):
    """The distribution over V tokens after each of P prefixes; a token that a filter removes has probability 0."""

    def log_p(self, actions: Tensor, prefix_index: Tensor) -> Tensor:
        """Return the log-probabilities (B, T) of `actions` (B, T), after the prefixes `prefix_index` (B, T)."""
        ...

    def measure(self, actions: Tensor, prefix_index: Tensor, mask: Tensor, other: Self | None) -> TokenMeasures:
        """Return everything about `actions` (B, T) after the prefixes `prefix_index` (B, T), sampled where `mask`."""
        ...

    def entropy(self) -> Tensor:
        """Return the exact entropy (P,) in nats."""
        ...

    def kl(self, other: Self) -> Tensor:
        """Return the exact KL(self || other) (P,) in nats."""
        ...

    def linear_values(self, features: Tensor, weights: Tensor) -> TokenValues:
        """Return the products of each prefix's `features` (P, D) with each token's `weights` (V, D)."""
        ...

    def expected(self, q: TokenValues) -> Tensor:
        """Return the mean (P,) of `q` over the next token."""
        ...

    def expected_vector(self, vectors: Tensor) -> Tensor:
        """Return the mean (P, D) over the next token of its row in `vectors` (V, D)."""
        ...

    def expected_loss(self, now: Self, q: TokenValues, loss: TokenLoss) -> Tensor:
        """Return the mean (P,) over the next token of `loss(now's log p, own log p, q, possible)`."""
        ...

    def most_likely(self, count: int) -> tuple[Tensor, Tensor]:
        """Return the most likely tokens and their log-probabilities, both (P, at most `count`), in descending order."""
        ...

    def detach(self) -> Self:
        """Return the same distribution as a constant to the gradient."""
        ...


class DenseValues(NamedTuple):
    """Numbers stored as a tensor (P, V), for small vocabularies."""

    numbers: Tensor

    def of(self, actions: Tensor, prefix_index: Tensor) -> Tensor:
        """Return the numbers (B, T) of `actions` (B, T), after the prefixes `prefix_index` (B, T)."""
        return of_actions_at(self.numbers, prefix_index, actions)

    def after(self, prefixes: slice) -> Tensor:
        """Return the numbers (n, V) after these n prefixes."""
        return self.numbers[prefixes]

    def map(self, change: Callable[[Tensor], Tensor]) -> DenseValues:
        """Return `change` of each number."""
        return DenseValues(change(self.numbers))

    def plus(self, other: TokenValues) -> DenseValues:
        """Return the sums with `other`, of the same shape."""
        return DenseValues(self.numbers + other.after(EVERY_PREFIX))

    def less(self, of_prefix: Tensor) -> DenseValues:
        """Return the numbers less one number per prefix, `of_prefix` (P,)."""
        return DenseValues(self.numbers - of_prefix[:, None])


class DenseDistribution(NamedTuple):
    """A distribution stored as log_probabilities (P, V), for small vocabularies."""

    log_probabilities: Tensor

    def log_p(self, actions: Tensor, prefix_index: Tensor) -> Tensor:
        """Return the log-probabilities (B, T) of `actions` (B, T), after the prefixes `prefix_index` (B, T)."""
        return of_actions_at(self.log_probabilities, prefix_index, actions)

    def measure(
        self, actions: Tensor, prefix_index: Tensor, mask: Tensor, other: DenseDistribution | None
    ) -> DenseMeasures:
        """Return everything about `actions` (B, T) after the prefixes `prefix_index` (B, T), also outside `mask`."""
        return DenseMeasures(self, other, actions, prefix_index)

    def entropy(self) -> Tensor:
        """Return the exact entropy (P,) in nats."""
        return entropy(self.log_probabilities)

    def kl(self, other: Self) -> Tensor:
        """Return the exact KL(self || other) (P,) in nats."""
        return kl_divergence(self.log_probabilities, other.log_probabilities)

    def linear_values(self, features: Tensor, weights: Tensor) -> DenseValues:
        """Return the products of each prefix's `features` (P, D) with each token's `weights` (V, D)."""
        return DenseValues(features @ weights.t())

    def expected(self, q: TokenValues) -> Tensor:
        """Return the mean (P,) of `q` over the next token."""
        return (self.log_probabilities.exp() * q.after(EVERY_PREFIX)).sum(-1)

    def expected_vector(self, vectors: Tensor) -> Tensor:
        """Return the mean (P, D) over the next token of its row in `vectors` (V, D)."""
        return self.log_probabilities.exp() @ vectors

    def expected_loss(self, now: Self, q: TokenValues, loss: TokenLoss) -> Tensor:
        """Return the mean (P,) over the next token of `loss(now's log p, own log p, q, possible)`."""
        possible = (now.log_probabilities > -torch.inf) & (self.log_probabilities > -torch.inf)
        log_p, log_q = (torch.where(possible, each.log_probabilities, 0.0) for each in (now, self))
        return self.expected(q.map(lambda numbers: loss(log_p, log_q, numbers, possible)))

    def most_likely(self, count: int) -> tuple[Tensor, Tensor]:
        """Return the most likely tokens and their log-probabilities, both (P, at most `count`), in descending order."""
        values, tokens = self.log_probabilities.topk(min(count, self.log_probabilities.shape[-1]), -1)
        return tokens, values

    def detach(self) -> Self:
        """Return the same distribution as a constant to the gradient."""
        return self._replace(log_probabilities=self.log_probabilities.detach())


class DenseMeasures(NamedTuple):
    """The measures of `actions` (B, T) after the prefixes `prefix_index` (B, T), each computed when it is asked for."""

    distribution: DenseDistribution
    other: DenseDistribution | None
    actions: Tensor
    prefix_index: Tensor

    @property
    def log_p(self) -> Tensor:
        """The actions' log-probabilities."""
        return self.distribution.log_p(self.actions, self.prefix_index)

    @property
    def log_q(self) -> Tensor | None:
        """The same under the other distribution; None without one."""
        return None if self.other is None else self.other.log_p(self.actions, self.prefix_index)

    @property
    def kl(self) -> Tensor | None:
        """The exact KL to the other distribution; None without one."""
        return None if self.other is None else spread(self.distribution.kl(self.other), self.prefix_index)

    @property
    def entropy(self) -> Tensor:
        """The exact entropy."""
        return spread(self.distribution.entropy(), self.prefix_index)
