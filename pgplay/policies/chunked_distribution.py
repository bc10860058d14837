"""A distribution over a large vocabulary: logits are computed for some prefixes at a time, and again for the gradient.

The (P, V) numbers of SmolLM2's 49,152 tokens would take 240 MB for a thousand prefixes, and several times that with
everything that is made of them (sublinear memory: Chen et al. 2016, arXiv:1604.06174).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from pgplay.limits import LOGIT_COPIES, LOGITS_MEMORY
from pgplay.policies.density import Density
from pgplay.policies.distribution import DenseDistribution, DenseValues, TokenLoss, TokenValues
from pgplay.policies.prefix_tree import spread


def prefixes_at_once(vocabulary: int) -> int:
    """Return the number of prefixes whose logits fit into LOGITS_MEMORY, at least one."""
    return max(1, LOGITS_MEMORY // (LOGIT_COPIES * 4 * vocabulary))


class ChunkedDistribution(NamedTuple):
    """The distribution after prefixes with `features` (P, W); `logits` maps features to logits, `rows` of them at once.

    `frozen_logits` is the same map as a constant to the gradient. It stays as it is when the head behind `logits` is
    trained, after which only what `detach` returns may be used.
    """

    features: Tensor
    logits: Callable[[Tensor], Tensor]
    frozen_logits: Callable[[Tensor], Tensor]
    density: Density
    rows: int

    def _log_probabilities(self, features: Tensor) -> Tensor:
        return self.density.log_probabilities(self.logits(features))

    def _chunks(self, compute: Callable[..., Any], *others: ChunkedDistribution) -> Iterator[Any]:
        """Yield `compute(places, own, *others)` for each chunk of prefixes.

        It is given the chunk's slice, and its distribution, dense, under this and the `others`.
        """
        alike = (self, *others)

        def of_chunk(places: slice, *features: Tensor) -> Any:
            log_probabilities = (each._log_probabilities(part) for each, part in zip(alike, features, strict=True))
            return compute(places, *map(DenseDistribution, log_probabilities))

        for start in range(0, len(self.features), self.rows):
            places = slice(start, start + self.rows)
            features = [distribution.features[places] for distribution in alike]
            yield checkpoint(of_chunk, places, *features, use_reentrant=False, preserve_rng_state=False)

    def log_p(self, actions: Tensor, prefix_index: Tensor) -> Tensor:
        """Return the log-probabilities (B, T) of `actions` (B, T), after the prefixes `prefix_index` (B, T)."""
        places = _Places.of(actions, prefix_index, torch.ones_like(actions, dtype=torch.bool))
        parts = self._at(places.prefixes)._chunks(lambda chunk, own: places.log_p(own, chunk))
        return places.at_actions(torch.cat([*parts]))

    def measure(
        self, actions: Tensor, prefix_index: Tensor, mask: Tensor, other: ChunkedDistribution | None
    ) -> ChunkedMeasures:
        """Return the quantities of `actions` after the prefixes `prefix_index`, both (B, T); 0 outside the `mask`."""
        places = _Places.of(actions, prefix_index, mask)

        def of_chunk(chunk: slice, own: DenseDistribution, *others: DenseDistribution) -> list[Tensor]:
            own_parts = [places.log_p(own, chunk), own.entropy()]
            return own_parts + [part for each in others for part in (own.kl(each), places.log_p(each, chunk))]

        others = [] if other is None else [other._at(places.prefixes)]
        columns = zip(*self._at(places.prefixes)._chunks(of_chunk, *others), strict=True)
        log_p, entropy, *rest = (torch.cat(parts) for parts in columns)
        kl, log_q = (places.at_prefixes(rest[0]), places.at_actions(rest[1])) if rest else (None, None)
        return ChunkedMeasures(places.at_actions(log_p), log_q, kl, places.at_prefixes(entropy))

    def _at(self, prefixes: Tensor) -> ChunkedDistribution:
        """Return the distribution after those `prefixes` (N,)."""
        return self._replace(features=self.features.index_select(0, prefixes))

    def entropy(self) -> Tensor:
        """Return the exact entropy (P,) in nats."""
        return torch.cat([*self._chunks(lambda chunk, own: own.entropy())])

    def kl(self, other: ChunkedDistribution) -> Tensor:
        """Return the exact KL(self || other) (P,) in nats."""
        return torch.cat([*self._chunks(lambda chunk, own, given: own.kl(given), other)])

    def linear_values(self, features: Tensor, weights: Tensor) -> ComputedValues:
        """Return the products of each prefix's `features` (P, D) with each token's `weights` (V, D)."""
        return ComputedValues(
            lambda prefixes: features[prefixes] @ weights.t(),
            lambda actions, prefix_index: (spread(features, prefix_index) * spread(weights, actions)).sum(-1),
        )

    def expected(self, q: TokenValues) -> Tensor:
        """Return the mean (P,) of `q` over the next token."""
        return torch.cat([*self._chunks(lambda chunk, own: own.expected(DenseValues(q.after(chunk))))])

    def expected_vector(self, vectors: Tensor) -> Tensor:
        """Return the mean (P, D) over the next token of its row in `vectors` (V, D)."""
        return torch.cat([*self._chunks(lambda chunk, own: own.expected_vector(vectors))])

    def expected_loss(self, now: ChunkedDistribution, q: TokenValues, loss: TokenLoss) -> Tensor:
        """Return the mean (P,) over the next token of `loss(now's log p, own log p, q, possible)`."""
        parts = self._chunks(lambda chunk, own, new: own.expected_loss(new, DenseValues(q.after(chunk)), loss), now)
        return torch.cat([*parts])

    def most_likely(self, count: int) -> tuple[Tensor, Tensor]:
        """Return the most likely tokens and their log-probabilities, both (P, at most `count`), in descending order."""
        tokens, values = zip(*self._chunks(lambda chunk, own: own.most_likely(count)), strict=True)
        return torch.cat(tokens), torch.cat(values)

    def detach(self) -> ChunkedDistribution:
        """Return the same distribution as a constant to the gradient."""
        return self._replace(features=self.features.detach(), logits=self.frozen_logits)


class ComputedValues(NamedTuple):
    """Numbers of every token, computed when they are asked for: `after` some prefixes, or `of` some actions."""

    after: Callable[[slice], Tensor]
    of: Callable[[Tensor, Tensor], Tensor]

    def map(self, change: Callable[[Tensor], Tensor]) -> ComputedValues:
        """Return `change` of each number."""
        return ComputedValues(
            lambda prefixes: change(self.after(prefixes)),
            lambda actions, prefix_index: change(self.of(actions, prefix_index)),
        )

    def plus(self, other: TokenValues) -> ComputedValues:
        """Return the sums with `other`, of the same shape."""
        return ComputedValues(
            lambda prefixes: self.after(prefixes) + other.after(prefixes),
            lambda actions, prefix_index: self.of(actions, prefix_index) + other.of(actions, prefix_index),
        )

    def less(self, of_prefix: Tensor) -> ComputedValues:
        """Return the numbers less one number per prefix, `of_prefix` (P,)."""
        return ComputedValues(
            lambda prefixes: self.after(prefixes) - of_prefix[prefixes, None],
            lambda actions, prefix_index: self.of(actions, prefix_index) - spread(of_prefix, prefix_index),
        )


class ChunkedMeasures(NamedTuple):
    """The measures of sampled tokens, all (B, T), made in one pass over the logits; see `TokenMeasures`."""

    log_p: Tensor
    log_q: Tensor | None
    kl: Tensor | None
    entropy: Tensor


class _Places(NamedTuple):
    """The places of a mask (B, T), in the order of their prefixes.

    prefixes (N,): the distinct prefixes there. numbers, actions (places,): of each place, its prefix among these, and
    its action. order (places,): each place's number in the mask, row by row.
    """

    prefixes: Tensor
    numbers: Tensor
    actions: Tensor
    order: Tensor
    mask: Tensor

    @classmethod
    def of(cls, actions: Tensor, prefix_index: Tensor, mask: Tensor) -> _Places:
        prefixes, numbers = torch.unique(prefix_index[mask], return_inverse=True)
        order = numbers.argsort(stable=True)
        return cls(prefixes, numbers[order], actions[mask][order], order, mask)

    def log_p(self, distribution: DenseDistribution, chunk: slice) -> Tensor:
        """Return the log-probabilities of the actions after the prefixes in `chunk`, whose `distribution` this is."""
        here = (self.numbers >= chunk.start) & (self.numbers < chunk.stop)
        return distribution.log_p(self.actions[here], self.numbers[here] - chunk.start)

    def at_actions(self, values: Tensor) -> Tensor:
        """Return `values` (places,) at their places (B, T), 0 elsewhere."""
        in_mask = torch.zeros_like(values).index_copy(0, self.order, values)
        return torch.zeros(self.mask.shape, dtype=values.dtype, device=values.device).masked_scatter(self.mask, in_mask)

    def at_prefixes(self, values: Tensor) -> Tensor:
        """Return `values` (N,) of the prefixes at all places of each, 0 elsewhere (B, T)."""
        return self.at_actions(values.index_select(0, self.numbers))
