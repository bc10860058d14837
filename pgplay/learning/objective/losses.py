"""From advantages to one number to minimise: importance ratios, aggregation, penalties. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from pgplay.policies.distribution import TokenDistribution, TokenValues

LEAST_VARIANCE = 1e-12
"""A smaller variance of advantages, returns or values is rounding."""


class ClipRange(NamedTuple):
    """How far below and above 1 an importance ratio may go."""

    low: float
    high: float


class Surrogate(NamedTuple):
    """Per-token losses (B, T), whose gradient is the policy gradient, and the share of tokens that were clipped.

    ratio (B, T): of the probabilities now and when drawn; clipped (B, T): where that was limited. None without a ratio.
    """

    losses: Tensor
    clip_share: Tensor
    ratio: Tensor | None = None
    clipped: Tensor | None = None


def surrogate(
    kind: str,
    log_p: Tensor,
    old_log_p: Tensor,
    advantages: Tensor,
    mask: Tensor,
    clip: ClipRange,
) -> Surrogate:
    """Return the losses of the actions with log-probabilities `log_p`, drawn at `old_log_p`; all (B, T).

    none: -A log p. clip, clip-higher: PPO's pessimistic bound (arXiv:1707.06347). cispo: the ratio is clipped and held
    constant, as a weight of log p (arXiv:2506.13585). gspo: one ratio a completion, the geometric mean of its tokens',
    with each token's gradient (GSPO-token, arXiv:2507.18071).
    """
    if kind == "none":
        return Surrogate(-advantages * log_p, torch.zeros((), device=log_p.device))
    difference = torch.where(mask, log_p - old_log_p, 0.0)
    low, high = 1 - clip.low, 1 + clip.high
    if kind == "gspo":
        mean = difference.sum(1, keepdim=True) / mask.sum(1, keepdim=True)
        # The value is the completion's ratio, the gradient is spread over its tokens. An action that a filter has
        # removed since then (-inf less -inf) makes that ratio 0.
        difference = (difference - difference.detach()).nan_to_num() + mean.detach()
    ratio = difference.exp()
    clipped = ratio.clamp(low, high)
    if kind == "cispo":
        limited = ratio != clipped
        return Surrogate(-advantages * clipped.detach() * log_p, _share(limited, mask), ratio, limited)
    unclipped_gain, clipped_gain = ratio * advantages, clipped * advantages
    limited = clipped_gain < unclipped_gain
    return Surrogate(-torch.minimum(unclipped_gain, clipped_gain), _share(limited, mask), ratio, limited)


def expected_surrogate(
    kind: str, now: TokenDistribution, drawn: TokenDistribution, q_values: TokenValues, clip: ClipRange
) -> Tensor:
    """Return the mean (P,) of `surrogate`'s losses over the token `drawn` after each prefix.

    `q_values` are every token's advantages. The expectation of a sampled token's loss is taken exactly,
    sum over v of pi_old(v) L(v), so that no noise comes from which token was drawn (expected policy gradients, Ciosek
    and Whiteson 2018, arXiv:1706.05374; with a known value of the best continuation, differentiable imitation as in Sun
    et al. 2017, arXiv:1703.01030). For gspo, whose ratio is a completion's, each token's ratio has the limits. A token
    that a filter removes has no part in it.
    """
    of_token = "clip" if kind == "gspo" else kind

    def losses(log_p: Tensor, old_log_p: Tensor, advantages: Tensor, possible: Tensor) -> Tensor:
        return surrogate(of_token, log_p, old_log_p, advantages, possible, clip).losses

    return drawn.expected_loss(now, q_values, losses)


def aggregated(kind: str, losses: Tensor, mask: Tensor, length_limit: int) -> Tensor:
    """Return one number for per-token `losses` (B, T).

    token-mean: all tokens alike. sequence-sum: the mean over completions of their sums. sequence-mean: of their means.
    constant-length: of their sums over `length_limit` (arXiv:2503.20783).
    """
    losses = torch.where(mask, losses, 0.0)
    if kind == "token-mean":
        return losses.sum() / mask.sum()
    sums = losses.sum(1)
    if kind == "sequence-mean":
        sums = masked_row_means(losses, mask)
    if kind == "constant-length":
        sums = sums / length_limit
    return sums.mean()


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of `values` (B, T) where `mask` (B, T)."""
    return torch.where(mask, values, 0.0).sum() / mask.sum()


def masked_variance(values: Tensor, mask: Tensor) -> Tensor:
    """Return the variance (n - 1 in the denominator) of `values` (B, T) where `mask` (B, T); 0 of a single one."""
    squares = torch.where(mask, values - masked_mean(values, mask), 0.0).square()
    return squares.sum() / (mask.sum() - 1).clamp_min(1)


def explained_share(variance: Tensor, unexplained: Tensor) -> Tensor:
    """Return the share of a `variance` () that is not `unexplained` (); 0 of one that is only rounding."""
    return torch.where(variance > LEAST_VARIANCE, 1 - unexplained / variance.clamp_min(LEAST_VARIANCE), 0.0)


def masked_row_means(values: Tensor, mask: Tensor) -> Tensor:
    """Return the mean (B,) of each row of `values` (B, T) where `mask` (B, T), which every row has."""
    return torch.where(mask, values, 0.0).sum(1) / mask.sum(1)


def parameter_penalty(parameters: Iterable[Tensor], l1: float, l2: float) -> Tensor | float:
    """Return l1 * sum |w| + l2 / 2 * sum w^2 over all `parameters`."""
    if not l1 and not l2:
        return 0.0
    weights = torch.cat([parameter.flatten() for parameter in parameters])
    return l1 * weights.abs().sum() + l2 / 2 * weights.square().sum()


def _share(which: Tensor, mask: Tensor) -> Tensor:
    return (which & mask).sum() / mask.sum()
