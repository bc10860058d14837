"""Sampling from a large vocabulary: noise and logits of one column at a time, and finished rows are left out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from pgplay.policies.cuda_graphs import EAGER, GraphCache
from pgplay.policies.density import Density
from pgplay.policies.prefix_tree import first_occurrences
from pgplay.policies.rollout import Rollout
from pgplay.policies.sampler import SPARSE, Prompts, Sampler, is_none_of, to_gumbel


class LargeSampler(Sampler):
    """A sampler that holds (B, V) numbers at once, where `Sampler` holds (T, B, V)."""

    @torch.no_grad()
    def sample(
        self,
        prefixes: Sequence[list[int]],
        density: Density,
        generator: torch.Generator,
        greedy_rows: int = 0,
        dropout_masks: Tensor | None = None,
        graphs: GraphCache = EAGER,
    ) -> Rollout:
        """Sample one completion for each of `prefixes`, the last `greedy_rows` greedily; nothing is recorded."""
        lengths = [len(prefix) for prefix in prefixes]
        batch, longest, first = len(prefixes), max(lengths), min(lengths) - 1
        columns = longest - 1 + self.max_length
        padded = [(*prefix, *[self.tokenizer.pad_id] * (longest - len(prefix))) for prefix in prefixes]
        alike = first_occurrences(padded if dropout_masks is None else range(batch))
        prompts = Prompts(*(torch.tensor(numbers, device=self.device) for numbers in (padded, lengths, *alike)))
        inputs = torch.full((batch, columns + 1), self.tokenizer.pad_id, device=self.device)
        inputs[:, :longest] = prompts.tokens
        mask = torch.zeros(batch, columns, dtype=torch.bool, device=self.device)
        log_probabilities = torch.zeros(batch, columns, device=self.device)
        stopped = torch.zeros(batch, dtype=torch.bool, device=self.device)
        starts, rows = prompts.lengths - 1, torch.arange(batch, device=self.device)
        running = torch.ones(batch, dtype=torch.bool, device=self.device)
        state = self._after_common_prompts(prompts, first, columns, dropout_masks)
        for column in range(first, columns):
            masks = None if dropout_masks is None else dropout_masks[:, rows]
            features = self.network.step(inputs[rows, column], column, state, masks)
            logits = density.filtered(self.network.logits(features))
            noise = torch.rand(logits.shape, generator=generator, device=self.device)
            to_gumbel(noise)
            noise[rows >= batch - greedy_rows] = 0.0
            free = running & (column >= starts[rows])
            chosen = torch.where(column >= starts[rows], (logits + noise).argmax(-1), inputs[rows, column + 1])
            log_p = logits.gather(1, chosen[:, None])[:, 0] - logits.logsumexp(-1)
            log_probabilities[rows, column] = torch.where(free, log_p, 0.0)
            mask[rows, column] = free
            inputs[rows, column + 1] = chosen
            ends = free & ~is_none_of(chosen, self.tokenizer.stop_ids)
            stopped[rows] |= ends
            running = running & ~ends & (column + 1 < starts[rows] + self.max_length)
            still = running.nonzero()[:, 0]
            if not len(still):
                columns = column + 1
                break
            if len(still) <= SPARSE * len(rows):
                state, rows, running = self.network.select_rows(state, still), rows[still], running[still]
        actions, mask, log_probabilities = inputs[:, 1 : columns + 1], mask[:, :columns], log_probabilities[:, :columns]
        return Rollout(inputs[:, :columns], actions, mask, log_probabilities, stopped, lengths, dropout_masks)
