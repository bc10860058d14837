"""Sampled completions, as tensors and as text."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from pgplay.policies.reading import Reading


class Rollout(NamedTuple):
    """B completions, token by token, over T columns; a prompt's columns come before its completion's.

    inputs (B, T): the tokens that the network read. actions (B, T): the next tokens. mask (B, T): whether the policy
    sampled the action, including the stop token. log_probabilities (B, T): of the actions under the sampling density, 0
    outside the mask. stopped (B,): whether a completion ended with a stop token, not at the length limit.
    prefix_lengths: of each rendered prompt, so that actions begin at column length - 1. features (B, T, W): the
    network's where it sampled, 0 elsewhere; None if training changes them.
    """

    inputs: Tensor
    actions: Tensor
    mask: Tensor
    log_probabilities: Tensor
    stopped: Tensor
    prefix_lengths: list[int]
    dropout_masks: Tensor | None
    features: Tensor | None = None

    @property
    def reading(self) -> Reading:
        """The tensors for computing the likelihood of these completions."""
        return Reading(self.inputs, self.actions, self.mask)

    def rows(self, count: int, *, trimmed: bool = True) -> Rollout:
        """Return the first `count` completions, without the columns none of them uses if `trimmed`."""
        used = int(self.mask[:count].any(0).nonzero().max()) + 1 if trimmed else self.mask.shape[1]
        masks = None if self.dropout_masks is None else self.dropout_masks[:, :count]
        inputs, actions, mask, log_probabilities = (
            tensor[:count, :used] for tensor in (self.inputs, self.actions, self.mask, self.log_probabilities)
        )
        stopped, prefix_lengths = self.stopped[:count], self.prefix_lengths[:count]
        features = None if self.features is None else self.features[:count, :used]
        return Rollout(inputs, actions, mask, log_probabilities, stopped, prefix_lengths, masks, features)


class Completion(NamedTuple):
    """A completion: the text of each token, and whether it ended with a stop token."""

    pieces: tuple[str, ...]
    finished: bool

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.pieces)
