"""Building the batch that an update learns from, out of a step's completions and their rewards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch

from pgplay.learning.defaults import counts_text_edits
from pgplay.learning.objective.batch import Batch
from pgplay.learning.objective.dense_credit import CREDIT_FLOOR, every_tokens_credit, token_credit
from pgplay.learning.objective.text_credit import text_credit
from pgplay.learning.plan import Plan
from pgplay.learning.reward_scale import RewardScale
from pgplay.learning.scoring import Scored
from pgplay.policies.cuda_graphs import GraphCache
from pgplay.policies.policy import Policy
from pgplay.policies.ranks import ALONE, Ranks
from pgplay.policies.reading import Reading, prefixes_of
from pgplay.policies.rollout import Rollout
from pgplay.rewards.reward import Reward
from pgplay.tasks.task import Pair


class BatchBuilder(NamedTuple):
    """Builds batches for the `plan`: `policy` encodes the texts that are read, `reward` gives single tokens credit."""

    plan: Plan
    policy: Policy
    reward: Reward
    graphs: GraphCache
    ranks: Ranks = ALONE

    def build(
        self,
        rollout: Rollout,
        pairs: Sequence[Pair],
        measured: Sequence[Pair],
        scored: Scored,
        best_texts: Mapping[str, tuple[float, str]],
        scale: RewardScale,
    ) -> Batch:
        """Return the batch of one step, whose prompts are those of `pairs`, of the rows of `rollout` that were sampled.

        `scale` is that of the rewards. With replay the `best_texts` of the `measured` prompts are imitated. The
        prefixes are those of this rank's share of the completions and of the texts. Raises RewardError.
        """
        own = rollout.rows(len(scored.rewards), trimmed=not self.graphs.records)
        # One list of pairs per kind of text: those of the completions, the imitated texts, the measured texts.
        answered = [[pair for pair in pairs for _ in range(self.plan.config.group_size)]]
        imitated = imitated_masks = None
        if self.plan.algorithm.kind == "cross-entropy":
            imitated = self.policy.reading(pairs)
            answered.append([*pairs])
            if own.dropout_masks is not None:  # a target uses the mask of its prompt's first completion
                imitated_masks = own.dropout_masks[:, :: self.plan.config.group_size]
        elif self.plan.config.replay:
            imitated = self.policy.reading([Pair(pair.prompt, best_texts[pair.prompt][1]) for pair in measured])
            answered.append([*measured])
        targets = None
        if self.plan.task.has_targets:
            targets = self.policy.reading(measured)
            answered.append([*measured])
        readings = [
            Reading(*map(self.ranks.own, reading)) for reading in (own.reading, imitated, targets) if reading
        ]
        of_prefixes = [pair for texts in answered for pair in texts[self.ranks.share(len(texts))]]
        device = self.policy.device
        batch = Batch(
            rollout=own,
            prefixes=prefixes_of(readings, of_prefixes if self.shares_prefixes else None),
            rewards=torch.tensor(_less(scored.rewards, scale), device=device).view(-1, self.plan.config.group_size),
            greedy_rewards=torch.tensor(_less(scored.greedy_rewards, scale), device=device),
            reward_unit=torch.tensor(scale.unit, device=device),
            token_credit=None,
            measured=targets,
            imitated=imitated,
            imitated_masks=imitated_masks,
            ranks=self.ranks,
        )
        return self._with_credit(batch, answered[0], of_prefixes)

    @property
    def shares_prefixes(self) -> bool:
        """Whether equal prefixes are read once: on the CPU, if no dropout mask tells them apart."""
        return self.policy.device.type == "cpu" and not self.graphs.records and not self.plan.config.dropout

    def _with_credit(self, batch: Batch, answered: Sequence[Pair], of_prefixes: Sequence[Pair]) -> Batch:
        """Return `batch` with its tokens' known credit.

        `answered` are the pairs of its completions, `of_prefixes` those of the texts of its prefixes.
        """
        own, is_dense = batch.rollout, self.plan.config.credit == "dense"
        predicts_credit = self.plan.config.control_variate == "potential"
        if is_dense and not self.plan.counts_edits:
            if counts_text_edits(self.plan.config):
                return batch._replace(token_credit=text_credit(own, answered, self.policy))
            credit = self.ranks.tensor_from_first(
                lambda: token_credit(own, answered, self.policy, self.reward), torch.zeros_like(own.log_probabilities)
            )
            return batch._replace(token_credit=credit / batch.reward_unit)
        if not is_dense and not predicts_credit:
            return batch
        known = every_tokens_credit(batch.prefixes, of_prefixes, self.policy, self.graphs)
        sampled = None
        if is_dense:
            credits = known.of(batch.actions, batch.prefix_index)
            (whole,) = self.ranks.whole([torch.where(batch.mask, credits, 0.0)], len(own.actions))
            sampled = whole
        return batch._replace(
            token_credit=sampled,
            every_credit=known.map(lambda edits: edits.clamp_min(CREDIT_FLOOR)) if predicts_credit else None,
        )


def _less(rewards: Sequence[float], scale: RewardScale) -> list[float]:
    """Return `rewards` less the origin of their `scale`: in 64 bits, which keep the differences of large ones."""
    return [reward - scale.origin for reward in rewards]
