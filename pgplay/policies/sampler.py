"""Sampling: completions token by token, each column for all unfinished rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from pgplay.policies.cuda_graphs import EAGER, GraphCache
from pgplay.policies.density import Density
from pgplay.policies.networks.base import Network
from pgplay.policies.prefix_tree import first_occurrences
from pgplay.policies.ranks import ALONE, Ranks
from pgplay.policies.reading import of_actions
from pgplay.policies.rollout import Rollout
from pgplay.tokenizers.base import Tokenizer

SPARSE = 0.75
"""Stopped rows are dropped once at most this share of the computed rows is unfinished."""

SampledRows = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
"""Inputs, actions, mask, log-probabilities and stopped, as in a rollout."""


class Prompts(NamedTuple):
    """The rendered prompts of B rows, padded: tokens (B, P) and their lengths (B,).

    readers (b,): rows whose columns before the first sampled token are distinct; owners (B,): for each row the reader
    with equal columns.
    """

    tokens: Tensor
    lengths: Tensor
    readers: Tensor
    owners: Tensor


class Constants(NamedTuple):
    """Constants of a batch.

    first: the first column with a sampled token. greedy_rows: the number of greedy rows, the last ones. stops_early:
    whether sampling ends once all rows have stopped.
    """

    density: Density
    first: int
    greedy_rows: int
    stops_early: bool


class PresentRows(NamedTuple):
    """The unfinished rows (all, or by number), the network's state for them, and their noise (T, b, V).

    free (T + 1, b): whether the policy samples a row's column. dropout_masks (mask_count, b, W), or None.
    """

    rows: slice | Tensor
    state: Any
    noise: Tensor
    free: Tensor
    dropout_masks: Tensor | None

    def select(self, index: Tensor, network: Network) -> PresentRows:
        """Return the rows at `index` among these."""
        masks = None if self.dropout_masks is None else self.dropout_masks[:, index]
        rows = self.rows[index] if isinstance(self.rows, Tensor) else index
        state = network.select_rows(self.state, index)
        return PresentRows(rows, state, self.noise[:, index], self.free[:, index], masks)


class ColumnStretch(NamedTuple):
    """Columns from `start` on with the same `rows`, and the logits (b, V) of each."""

    rows: slice | Tensor
    start: int
    logits: list[Tensor]


class Sampler(NamedTuple):
    """Samples completions of at most `max_length` tokens from `network`, including the stop token."""

    network: Network
    tokenizer: Tokenizer
    max_length: int
    device: torch.device

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
        """Sample one completion for each of `prefixes`, the last `greedy_rows` greedily; each of `ranks` a share."""
        batch = len(prefixes)
        lengths = [len(prefix) for prefix in prefixes]
        longest = max(lengths)
        columns = longest - 1 + self.max_length
        padded = [(*prefix, *[self.tokenizer.pad_id] * (longest - len(prefix))) for prefix in prefixes]
        uniform = torch.rand(columns, batch, self.tokenizer.vocabulary_size, generator=generator, device=self.device)
        if ranks.count > 1:
            parts = batch - greedy_rows, greedy_rows
            own = ranks.numbers(*parts)
            own_masks = None if dropout_masks is None else dropout_masks[:, own]
            own_lengths, greedy = [lengths[row] for row in own], sum(row >= parts[0] for row in own)
            noise = uniform[:, own]
            written = self._sample_rows([padded[row] for row in own], own_lengths, density, noise, greedy, own_masks)
            return Rollout(*self._exchanged(written, columns, parts, ranks), lengths, dropout_masks)
        written = self._sample_rows(padded, lengths, density, uniform, greedy_rows, dropout_masks, graphs)
        return Rollout(*written, lengths, dropout_masks)

    def _sample_rows(
        self,
        padded: Sequence[Sequence[int]],
        lengths: Sequence[int],
        density: Density,
        uniform: Tensor,
        greedy_rows: int,
        dropout_masks: Tensor | None,
        graphs: GraphCache = EAGER,
    ) -> SampledRows:
        """Return what `sample_tokens` does, for rows with these `padded` prompts of those `lengths` without padding."""
        # Equal columns before the first completion begins are read once, unless rows have dropout masks.
        alike = first_occurrences(padded if dropout_masks is None else range(len(padded)))
        prompts = Prompts(*(torch.tensor(numbers, device=self.device) for numbers in (padded, lengths, *alike)))
        # On a GPU, checking whether all rows have stopped costs a transfer, so all columns are computed.
        stops_early = self.device.type == "cpu" and not graphs.records
        constants = Constants(density, min(lengths) - 1, greedy_rows, stops_early)
        sample = partial(self.sample_tokens, constants)
        return graphs.run(sample, ("sample", *constants), prompts, uniform, dropout_masks)

    def _exchanged(self, written: SampledRows, columns: int, parts: tuple[int, int], ranks: Ranks) -> SampledRows:
        """Return the rows of all `ranks`, over so many `columns`; `written` are this rank's, as far as it came."""
        *of_columns, stopped = written
        padded = [F.pad(tensor, (0, columns - tensor.shape[1])) for tensor in of_columns]
        inputs, actions, mask, log_probabilities, stopped = ranks.exchanged([*padded, stopped], *parts)
        return inputs, actions, mask, log_probabilities, stopped

    def sample_tokens(
        self, constants: Constants, prompts: Prompts, noise: Tensor, dropout_masks: Tensor | None
    ) -> SampledRows:
        """Return inputs, actions, mask, log-probabilities and stopped, as in a rollout.

        `noise` (T, B, V) is uniform, and overwritten: the sampled token has the largest logit plus Gumbel noise (Gumbel
        1954; Maddison et al. 2014, arXiv:1411.0030); a greedy row has no noise. The normaliser of a column changes no
        sample, so all log-probabilities are computed together after the last column.
        """
        density, first, greedy_rows, stops_early = constants
        batch, longest, columns = len(prompts.tokens), prompts.tokens.shape[1], len(noise)
        to_gumbel(noise)
        if greedy_rows:
            noise[:, batch - greedy_rows :] = 0.0
        # free[c, b]: column c of row b is past its prefix and within its length limit.
        column_numbers = torch.arange(columns + 1, device=self.device)[:, None]
        starts = prompts.lengths - 1
        free = (column_numbers >= starts) & (column_numbers < starts + self.max_length)
        inputs = torch.full((batch, columns + 1), self.tokenizer.pad_id, device=self.device)
        inputs[:, :longest] = prompts.tokens
        state = self._after_common_prompts(prompts, first, columns, dropout_masks)
        present = PresentRows(slice(None), state, noise, free, dropout_masks)
        running = torch.ones(batch, dtype=torch.bool, device=self.device)
        stretches = [ColumnStretch(present.rows, first, [])]
        for column in range(first, columns):
            tokens = inputs[present.rows, column]
            features = self.network.step(tokens, column, present.state, present.dropout_masks)
            logits = density.filtered(self.network.logits(features))
            stretches[-1].logits.append(logits)
            chosen = (logits + present.noise[column]).argmax(-1)
            going = is_none_of(chosen, self.tokenizer.stop_ids)
            if column < longest - 1:
                chosen = torch.where(free[column], chosen, prompts.tokens[:, column + 1])
                going |= ~free[column]
            inputs[present.rows, column + 1] = chosen
            running &= going
            if stops_early and column >= longest - 2:
                still = (running & present.free[column + 1]).nonzero()[:, 0]
                if not len(still):
                    columns = column + 1
                    break
                if len(still) <= SPARSE * len(running):
                    present, running = present.select(still, self.network), running[still]
                    stretches.append(ColumnStretch(present.rows, column + 1, []))
        actions, own = inputs[:, 1 : columns + 1], free[:columns].t()
        is_stop = own & ~is_none_of(actions, self.tokenizer.stop_ids)
        stops = is_stop.long()
        mask = own & (stops.cumsum(1) == stops)  # including the first stop token
        log_probabilities = torch.where(mask, _log_probabilities(stretches, actions), 0.0)
        return inputs[:, :columns], actions, mask, log_probabilities, is_stop.any(1)

    def _after_common_prompts(
        self, prompts: Prompts, first: int, columns: int, dropout_masks: Tensor | None
    ) -> Any:
        """Return the network's state for all rows before column `first`; equal prompts are read once."""
        if not first:
            return self.network.start(len(prompts.tokens), columns)
        state = self.network.start(len(prompts.readers), columns)
        self.network.prefill(prompts.tokens[prompts.readers, :first], state, dropout_masks)
        return self.network.select_rows(state, prompts.owners)


def to_gumbel(uniform: Tensor) -> None:
    """Turn `uniform` noise into Gumbel noise, in place.

    A 0 would become minus infinity, and a token that is the only one left by the filters could not be sampled.
    """
    uniform.clamp_min_(torch.finfo(uniform.dtype).tiny).log_().neg_().log_().neg_()


def _log_probabilities(stretches: Sequence[ColumnStretch], actions: Tensor) -> Tensor:
    """Return the log-probabilities (B, T) of `actions` under the logits they were sampled from."""
    drawn = torch.zeros(actions.shape, device=actions.device)
    for rows, start, logits in stretches:
        here = slice(start, start + len(logits))
        drawn[rows, here] = of_actions(torch.stack(logits, 1).log_softmax(-1), actions[rows, here])
    return drawn


def is_none_of(tokens: Tensor, ids: Sequence[int]) -> Tensor:
    """Return whether each of `tokens` is none of the `ids`; there is at least one."""
    return reduce(Tensor.logical_and, (tokens != number for number in ids))
