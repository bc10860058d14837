"""Texts as a network reads them, and their likelihood."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from pgplay.policies.distribution import TokenDistribution
from pgplay.policies.prefix_tree import Prefixes


class Reading(NamedTuple):
    """Texts to read: inputs (B, T), the action (B, T) after each, and the mask (B, T) of actions that count."""

    inputs: Tensor
    actions: Tensor
    mask: Tensor


def of_actions(values: Tensor, actions: Tensor) -> Tensor:
    """Return the `values` (B, T, V) of `actions` (B, T)."""
    return values.gather(2, actions[:, :, None])[:, :, 0]


def prefixes_of(readings: Sequence[Reading], kinds: Sequence[Hashable] | None = None) -> Prefixes:
    """Return the prefixes of all texts in `readings`: merged within each of the `kinds` (N,), or not merged."""
    columns = max(reading.inputs.shape[1] for reading in readings)
    tokens, masks = (
        torch.cat([F.pad(tensor, (0, columns - tensor.shape[1])) for tensor in tensors])
        for tensors in ([reading.inputs for reading in readings], [reading.mask for reading in readings])
    )
    if kinds is None:
        return Prefixes.from_texts(tokens)
    lengths = torch.where(masks, torch.arange(1, columns + 1), 0).amax(1).tolist()
    return Prefixes.deduplicated(tokens, lengths, kinds)


def token_losses(distribution: TokenDistribution, prefix_index: Tensor, reading: Reading) -> Tensor:
    """Return the negative log-probability (B, T) of each action of `reading`, 0 outside its mask.

    `prefix_index` (B, T): the prefix before each action.
    """
    if not len(reading.actions):
        return torch.zeros(reading.mask.shape, device=reading.mask.device)
    return -torch.where(reading.mask, distribution.log_p(reading.actions, prefix_index), 0.0)


def mean_losses(losses: Tensor, reading: Reading) -> Tensor:
    """Return the mean (B,) of the `losses` (B, T) of each text's actions: its cross-entropy."""
    return losses.sum(1) / reading.mask.sum(1)
