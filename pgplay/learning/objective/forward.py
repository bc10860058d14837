"""One forward pass over a batch: all outputs of the networks."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pgplay.learning.objective.batch import Batch, Modules
from pgplay.policies.density import Density
from pgplay.policies.distribution import TokenDistribution
from pgplay.policies.prefix_tree import spread
from pgplay.policies.reading import Reading, mean_losses, token_losses


class Forward(NamedTuple):
    """One pass over a batch: `features` (P, W) and `distribution` per prefix, then tensors (B, T) per token.

    With several ranks a prefix is one of this rank's, a token one of any.

    log_ratio: log p - log q of the actions under policy and reference; kl: exact, over the vocabulary; both None
    without a reference. target_losses (M, L): -log p of the measured targets' tokens, 0 outside them. imitation and
    cross_entropy are scalars, or None.
    """

    features: Tensor
    distribution: TokenDistribution
    log_p: Tensor
    values: Tensor
    entropies: Tensor
    log_ratio: Tensor | None
    kl: Tensor | None
    imitation: Tensor | None
    target_losses: Tensor | None
    cross_entropy: Tensor | None


def forward(batch: Batch, modules: Modules, density: Density) -> Forward:
    """Run the networks over `batch`; targets and imitated texts share the pass of the completions."""
    policy, prefixes, prefix_index, actions = modules.policy, batch.prefixes, batch.prefix_index, batch.actions
    ranks = batch.ranks
    features = batch.features(policy)
    # Texts that were not sampled are read as they are: temperature and filters belong to sampling.
    distribution, unfiltered = policy.distributions(features, [density, Density()])
    frozen = None
    if modules.reference is not None:
        with torch.no_grad():
            # At the run's temperature, so that equal weights diverge by nothing, whatever the reference was trained at;
            # unfiltered, as a removed token would make the KL infinite.
            is_alike = modules.reference.reads_like(policy)
            own_features = features if is_alike else modules.reference.features(prefixes)
            frozen = modules.reference.distributions(own_features.detach(), [Density(density.temperature)])[0]
    sampled = distribution.measure(actions, prefix_index, batch.mask, frozen)
    log_p, log_q, kl = sampled.log_p, sampled.log_q, sampled.kl
    texts = [reading for reading in (batch.imitated, batch.measured) if reading]
    losses, first = [], len(actions)
    for reading in texts:
        part = Reading(*map(ranks.own, reading))
        text_index = prefixes.prefix_index[first : first + len(part.actions), : part.actions.shape[1]]
        losses += ranks.whole([token_losses(unfiltered, text_index, part)], len(reading.actions))
        first += len(part.actions)
    cross_entropies = [mean_losses(loss, reading).mean() for loss, reading in zip(losses, texts, strict=True)]
    values = spread(modules.critic(features)[:, 0], prefix_index)
    divergences = [] if log_q is None or kl is None else [log_q, kl]
    own = [log_p, values, sampled.entropy, *divergences]
    log_p, values, entropies, *divergences = ranks.whole(own, len(batch.rollout.actions))
    log_q, kl = divergences or (None, None)
    return Forward(
        features,
        distribution,
        log_p,
        values,
        entropies,
        log_ratio=None if log_q is None else log_p - log_q,
        kl=kl,
        imitation=cross_entropies[0] if batch.imitated else None,
        target_losses=losses[-1].detach() if batch.measured else None,
        cross_entropy=cross_entropies[-1].detach() if batch.measured else None,
    )
