"""The batch of one step, and the modules that it trains."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from pgplay.learning.objective.control_variate import ControlVariate
from pgplay.learning.plan import Plan
from pgplay.policies.distribution import TokenValues
from pgplay.policies.policy import Policy
from pgplay.policies.prefix_tree import Prefixes, spread
from pgplay.policies.ranks import ALONE, Ranks
from pgplay.policies.reading import Reading
from pgplay.policies.rollout import Rollout


class Batch(NamedTuple):
    """The training data of one step: B = P x G completions over T columns, prompt by prompt.

    rewards (P, G) and greedy_rewards (P,), for the greedy baseline: less their scale's origin. reward_unit (): what
    learning divides them by. token_credit (B, T): dense credit, or None. measured: the targets whose cross-entropy is
    measured, or None. imitated: texts to make more likely, or None: the best completions so far, or with supervised
    learning the targets of the step's prompts, then with the dropout masks (M, P, W) for reading them. prefixes: those
    of the completions, then of the imitated and the measured texts. every_credit: the floored credit of every possible
    token, for the control variate, or None.

    With several `ranks`, what is known per prefix and the rollout's features are those of this rank's rows of the
    completions and of the texts; everything else is that of all rows.
    """

    rollout: Rollout
    prefixes: Prefixes
    rewards: Tensor
    greedy_rewards: Tensor
    token_credit: Tensor | None
    reward_unit: Tensor
    measured: Reading | None
    imitated: Reading | None
    imitated_masks: Tensor | None = None
    every_credit: TokenValues | None = None
    ranks: Ranks = ALONE

    @property
    def actions(self) -> Tensor:
        """The actions (b, T) of this rank's rows."""
        return self.ranks.own(self.rollout.actions)

    @property
    def mask(self) -> Tensor:
        """The mask (b, T) of this rank's rows."""
        return self.ranks.own(self.rollout.mask)

    @property
    def prefix_index(self) -> Tensor:
        """The prefix number (b, T) at each place of this rank's completions."""
        return self.prefixes.prefix_index[: len(self.actions), : self.rollout.actions.shape[1]]

    @property
    def masks(self) -> Tensor | None:
        """The dropout masks of this rank's completions and imitated texts."""
        masks = self.rollout.dropout_masks
        if masks is None:
            return None
        own = self.ranks.own(masks, 1)
        return own if self.imitated_masks is None else torch.cat([own, self.ranks.own(self.imitated_masks, 1)], 1)

    def at_tokens(self, of_prefixes: Tensor) -> Tensor:
        """Return the numbers (P,) of this rank's prefixes at the tokens (B, T) of all ranks' rows."""
        (whole,) = self.ranks.whole([spread(of_prefixes, self.prefix_index)], len(self.rollout.actions))
        return whole

    def features(self, policy: Policy) -> Tensor:
        """Return `policy`'s features (P, W), those of sampling where training leaves them as they are."""
        kept = self.rollout.features
        if kept is None or self.measured or self.imitated:
            return policy.features(self.prefixes, self.masks)
        return kept[self.prefixes.texts, self.prefixes.columns]


class Modules(NamedTuple):
    """The trained and frozen networks of a step; the reference is None without a KL term, the variate if unused."""

    policy: Policy
    critic: nn.Linear
    reference: Policy | None
    variate: ControlVariate | None = None

    def trained(self, plan: Plan) -> list[nn.Parameter]:
        """Return the parameters that `plan` trains."""
        critic = list(self.critic.parameters()) if plan.config.baseline == "critic" else []
        return [*self.policy.trainable_parameters(), *critic]
