"""Sampling from a large vocabulary: noise and logits of one token per row at a time, and finished rows are left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from pgplay.policies.cuda_graphs import EAGER, GraphCache
from pgplay.policies.density import Density
from pgplay.policies.networks.base import PromptReader
from pgplay.policies.prefix_tree import first_occurrences
from pgplay.policies.ranks import ALONE, Ranks
from pgplay.policies.rollout import Rollout
from pgplay.policies.sampler import SPARSE, Sampler, is_none_of, to_gumbel


class LargeSampler(Sampler):
    """Holds (B, V) numbers at once, where `Sampler` holds (T, B, V); its network reads each prompt once."""

    @torch.no_grad()
    def sample(
        self,
        prefixes: Sequence[list[int]],
        density: Density,
        generator: torch.Generator,
        greedy_rows: int = 0,
        dropout_masks: Tensor | None = None,
        graphs: GraphCache = EAGER,
        ranks: Ranks = ALONE,
    ) -> Rollout:
        """Sample one completion for each of `prefixes`, the last `greedy_rows` greedily; nothing is recorded.

        Each of `ranks` samples its share of the rows, and draws the noise of all that no rank has left out.
        """
        assert dropout_masks is None, "no family that reads ragged prompts has dropout"
        network, batch = cast(PromptReader, self.network), len(prefixes)
        parts = batch - greedy_rows, greedy_rows
        own = ranks.numbers(*parts)
        readers, owners = first_occurrences([tuple(prefixes[row]) for row in own])
        before = [torch.tensor(prefixes[own[row]][:-1], dtype=torch.long, device=self.device) for row in readers]
        lengths = torch.tensor([len(prompt) for prompt in before], device=self.device)
        state = network.read_prompts(pad_sequence(before, batch_first=True), lengths)
        state = network.select_rows(state, torch.tensor(owners, device=self.device))
        tokens = torch.tensor([prefixes[row][-1] for row in own], device=self.device)
        # The present rows of all ranks, and the places of this rank's among them and in its tensors.
        present = torch.arange(batch, device=self.device)
        running = torch.ones(batch, dtype=torch.bool, device=self.device)
        here, rows = ranks.among(present, *parts), torch.arange(len(own), device=self.device)
        sampled = torch.full((len(own), self.max_length), self.tokenizer.pad_id, device=self.device)
        log_probabilities = torch.zeros(sampled.shape, device=self.device)
        kept: Tensor | None = None
        for number in range(self.max_length):
            noise = torch.rand(len(present), self.tokenizer.vocabulary_size, generator=generator, device=self.device)
            if len(rows):
                step_features = network.step(tokens, int(lengths.max()) + number, state)
                if network.has_constant_features:
                    kept = step_features.new_zeros(*sampled.shape, network.width) if kept is None else kept
                    kept[rows, number] = step_features
                logits = density.filtered(network.logits(step_features))
                own_noise = noise[here]
                to_gumbel(own_noise)
                own_noise[present[here] >= parts[0]] = 0.0
                tokens = (logits + own_noise).argmax(-1)
                sampled[rows, number] = tokens
                log_probabilities[rows, number] = logits.gather(1, tokens[:, None])[:, 0] - logits.logsumexp(-1)
            elif network.reads_together:
                network.read_nothing()
            going = is_none_of(tokens, self.tokenizer.stop_ids)
            running &= ranks.all_going(going, here, len(present))
            still = running.nonzero()[:, 0]
            if not len(still):
                break
            if len(still) <= SPARSE * len(present):
                own_still = running[here].nonzero()[:, 0]
                if len(own_still):
                    state = network.select_rows(state, own_still)
                rows, tokens = rows[own_still], tokens[own_still]
                present, running = present[still], running[still]
                here = ranks.among(present, *parts)
        own_prefixes = [prefixes[row] for row in own]
        rollout = self._rollout(own_prefixes, sampled[:, : number + 1], log_probabilities, kept)
        if ranks.count == 1:
            return rollout
        columns = max(map(len, prefixes)) + number
        inputs, actions, mask, drawn, stopped = self._exchanged(rollout[:5], columns, parts, ranks)
        features = rollout.features
        if features is not None:
            features = F.pad(features, (0, 0, 0, columns - features.shape[1]))
        return Rollout(inputs, actions, mask, drawn, stopped, [*map(len, prefixes)], None, features)

    def _rollout(
        self, prefixes: Sequence[list[int]], sampled: Tensor, log_probabilities: Tensor, features: Tensor | None
    ) -> Rollout:
        """Return the completions `sampled` (B, N), each up to its first stop token, behind their `prefixes`."""
        is_stop = ~is_none_of(sampled, self.tokenizer.stop_ids)
        own = is_stop.long().cumsum(1) == is_stop
        lengths = [len(prefix) for prefix in prefixes]
        rows, numbers = own.nonzero(as_tuple=True)
        columns = torch.tensor(lengths, device=self.device)[rows] - 1 + numbers
        count = int(columns.max()) + 1
        whole = [torch.tensor(prefix, device=self.device) for prefix in prefixes]
        tokens = pad_sequence(whole, batch_first=True, padding_value=self.tokenizer.pad_id)
        tokens = F.pad(tokens, (0, count + 1 - tokens.shape[1]), value=self.tokenizer.pad_id)
        tokens[rows, columns + 1] = sampled[own]
        mask = torch.zeros(len(prefixes), count, dtype=torch.bool, device=self.device)
        mask[rows, columns] = True

        def placed(values: Tensor) -> Tensor:
            at_columns = values.new_zeros(*mask.shape, *values.shape[2:])
            at_columns[rows, columns] = values[rows, numbers]
            return at_columns

        kept = None if features is None else placed(features)
        stopped = (own & is_stop).any(1)
        return Rollout(tokens[:, :-1], tokens[:, 1:], mask, placed(log_probabilities), stopped, lengths, None, kept)
