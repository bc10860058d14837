"""A policy: a network with its tokenizer, that writes completions and tells how likely a text is."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from pgplay.errors import InputError
from pgplay.policies.catalogue import PolicyShape, model_spec
from pgplay.policies.density import Density
from pgplay.policies.graphs import EAGER, Graphs
from pgplay.policies.network import Network, build_network
from pgplay.policies.prefixes import Prefixes, different, of_actions_at, spread
from pgplay.tasks.task import Pair
from pgplay.tasks.tokenizer import DELIMITER, CharacterTokenizer

SPARSE = 0.75
"""Rows that have stopped are left out once no more than this share of those computed is still written."""


class Reading(NamedTuple):
    """Texts to be read: inputs (B, T), the actions (B, T) that follow each, and mask (B, T) of those that count."""

    inputs: Tensor
    actions: Tensor
    mask: Tensor


class Rollout(NamedTuple):
    """B completions, token by token, over T columns; a prompt's columns come before its completion's.

    inputs (B, T): what the network read. actions (B, T): what came next. mask (B, T): whether that was the policy's
    own choice, the stop token counted in. log_probabilities (B, T): of the actions under the density that drew them,
    0 outside the mask. lengths: of each prefix (prompt and delimiter), so that actions begin at column lengths - 1.
    """

    inputs: Tensor
    actions: Tensor
    mask: Tensor
    log_probabilities: Tensor
    prefix_lengths: list[int]
    dropout_masks: Tensor | None

    @property
    def reading(self) -> Reading:
        """What a network has to read to tell how likely these completions are."""
        return Reading(self.inputs, self.actions, self.mask)

    def rows(self, count: int, *, trimmed: bool = True) -> Rollout:
        """Return the first `count` completions, `trimmed` of the columns that none of them uses."""
        used = int(self.mask[:count].any(0).nonzero().max()) + 1 if trimmed else self.mask.shape[1]
        masks = None if self.dropout_masks is None else self.dropout_masks[:, :count]
        inputs, actions, mask, log_probabilities = (
            tensor[:count, :used] for tensor in (self.inputs, self.actions, self.mask, self.log_probabilities)
        )
        return Rollout(inputs, actions, mask, log_probabilities, self.prefix_lengths[:count], masks)


class Completion(NamedTuple):
    """What was written: its pieces (one a token), and whether it ended by the stop token."""

    pieces: tuple[str, ...]
    finished: bool

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.pieces)


class _Present(NamedTuple):
    """The rows that are still written, all of them or those numbered: the network's state for them, noise (T, b, V).

    free (T + 1, b): whether a column is a row's own to choose. dropout_masks (mask_count, b, W), or None.
    """

    rows: slice | Tensor
    state: Any
    noise: Tensor
    free: Tensor
    dropout_masks: Tensor | None

    def only(self, places: Tensor, network: Network) -> _Present:
        """Return those at `places` among these."""
        masks = None if self.dropout_masks is None else self.dropout_masks[:, places]
        rows = self.rows[places] if isinstance(self.rows, Tensor) else places
        return _Present(rows, network.only(self.state, places), self.noise[:, places], self.free[:, places], masks)


class _Stretch(NamedTuple):
    """Columns from `start` on that the same rows were written in, and the logits (b, V) of each."""

    rows: slice | Tensor
    start: int
    logits: list[Tensor]


class Policy:
    """Maps a prompt to a distribution over completions of at most `max_length` tokens, the stop token counted in."""

    def __init__(self, shape: PolicyShape, device: torch.device, seed: int = 0) -> None:
        self.shape = shape
        self.spec = model_spec(shape.model)
        self.tokenizer = CharacterTokenizer(shape.alphabet)
        self.max_length = shape.max_length
        self.device = device
        self.module = build_network(self.spec, self.tokenizer.vocabulary_size, seed).to(device)
        self.network = cast(Network, self.module)

    def prefix(self, prompt: str) -> list[int]:
        """Return the tokens that a completion for `prompt` follows; raises InputError where it is too long."""
        tokens = [*self.tokenizer.encode(prompt), DELIMITER]
        if len(tokens) - 1 + self.max_length > self.spec.context_length:
            raise InputError(
                f"The prompt of {len(prompt)} characters leaves no room for {self.max_length} more.",
                f"{self.spec.name} reads and writes {self.spec.context_length} tokens in all.",
            )
        return tokens

    @torch.no_grad()
    def sample(
        self,
        prefixes: Sequence[list[int]],
        density: Density,
        generator: torch.Generator,
        greedy_rows: int = 0,
        dropout_masks: Tensor | None = None,
        graphs: Graphs = EAGER,
    ) -> Rollout:
        """Write one completion for each of `prefixes`, the last `greedy_rows` of them greedily."""
        batch = len(prefixes)
        lengths = [len(prefix) for prefix in prefixes]
        longest = max(lengths)
        columns = longest - 1 + self.max_length
        padded = [(*prefix, *[DELIMITER] * (longest - len(prefix))) for prefix in prefixes]
        # What completions have in common before the first of them begins is read once, unless masks tell them apart.
        alike = different(padded if dropout_masks is None else range(batch))
        forced, ends, readers, owners = (
            torch.tensor(numbers, device=self.device) for numbers in (padded, lengths, *alike)
        )
        uniform = torch.rand(columns, batch, self.tokenizer.vocabulary_size, generator=generator, device=self.device)
        # Asking whether all have stopped costs a transfer on a GPU, so there the columns run to the end.
        stops_early = self.device.type == "cpu" and not graphs.records
        constants = density, min(lengths) - 1, greedy_rows, stops_early
        write = partial(self.write_columns, *constants)
        written = graphs.run(write, ("write", *constants), forced, ends, readers, owners, uniform, dropout_masks)
        return Rollout(*written, lengths, dropout_masks)

    def write_columns(
        self,
        density: Density,
        first: int,
        greedy_rows: int,
        stops_early: bool,
        forced: Tensor,
        ends: Tensor,
        readers: Tensor,
        owners: Tensor,
        noise: Tensor,
        dropout_masks: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return inputs, actions, mask and log-probabilities, as in a rollout.

        forced (B, P): the prefixes, padded; ends (B,): their lengths; first: the first column of which a token is the
        policy's own. readers (b,): rows that are all different as far as that; owners (B,): which of these each row is
        like. `noise` (T, B, V) is uniform, and overwritten: a token is drawn as the largest logit plus Gumbel
        noise (Gumbel 1954; Maddison et al. 2014, arXiv:1411.0030); a greedy row has none. What is the same for all
        tokens of a column (the logarithm of the sum) changes no draw, so the log-probabilities are computed after the
        last column, all at once.
        """
        batch, longest, columns = len(forced), forced.shape[1], len(noise)
        # A 0 would turn into minus infinity, which a token that is left alone by the filters does not survive.
        noise.clamp_min_(torch.finfo(noise.dtype).tiny).log_().neg_().log_().neg_()
        if greedy_rows:
            noise[:, batch - greedy_rows :] = 0.0

        # free[c, b]: column c of row b is past its prefix and within its length limit.
        column_numbers = torch.arange(columns + 1, device=self.device)[:, None]
        free = (column_numbers >= ends - 1) & (column_numbers < ends - 1 + self.max_length)
        inputs = torch.zeros(batch, columns + 1, dtype=torch.long, device=self.device)
        inputs[:, :longest] = forced
        state = self.network.start(len(readers) if first else batch, columns)
        for column in range(first):
            self.network.step(forced[readers, column], column, state, dropout_masks)
        present = _Present(
            slice(None), self.network.only(state, owners) if first else state, noise, free, dropout_masks
        )
        running = torch.ones(batch, dtype=torch.bool, device=self.device)
        stretches = [_Stretch(present.rows, first, [])]
        for column in range(first, columns):
            tokens = inputs[present.rows, column]
            features = self.network.step(tokens, column, present.state, present.dropout_masks)
            logits = density.filtered(self.network.logits(features))
            stretches[-1].logits.append(logits)
            chosen = (logits + present.noise[column]).argmax(-1)
            going = chosen != DELIMITER
            if column < longest - 1:
                chosen = torch.where(free[column], chosen, forced[:, column + 1])
                going |= ~free[column]
            inputs[present.rows, column + 1] = chosen
            running &= going
            if stops_early and column >= longest - 2:
                still = (running & present.free[column + 1]).nonzero()[:, 0]
                if not len(still):
                    columns = column + 1
                    break
                if len(still) <= SPARSE * len(running):
                    present, running = present.only(still, self.network), running[still]
                    stretches.append(_Stretch(present.rows, column + 1, []))
        actions, own = inputs[:, 1 : columns + 1], free[:columns].t()
        stops = (own & (actions == DELIMITER)).long()
        mask = own & (stops.cumsum(1) == stops)  # the first stop token is in it
        drawn = torch.zeros(batch, columns, device=self.device)
        for rows, start, own_logits in stretches:
            here = slice(start, start + len(own_logits))
            drawn[rows, here] = of_actions(torch.stack(own_logits, 1).log_softmax(-1), actions[rows, here])
        return inputs[:, :columns], actions, mask, torch.where(mask, drawn, 0.0)

    def features(self, prefixes: Prefixes, dropout_masks: Tensor | None = None) -> Tensor:
        """Return the network's features (P, W) for `prefixes`.

        `dropout_masks` are those of their first texts, which must not share any; nothing is dropped from the others.
        """
        if dropout_masks is not None:
            missing = prefixes.places.shape[0] - dropout_masks.shape[1]
            dropout_masks = F.pad(dropout_masks, (0, 0, 0, missing), value=1.0).index_select(1, prefixes.texts)
        return self.network(prefixes, dropout_masks)

    def log_probabilities_after(
        self, prefixes: Prefixes, density: Density, dropout_masks: Tensor | None = None
    ) -> Tensor:
        """Return the next token's log-probabilities (P, V) after each of `prefixes`."""
        return density.log_probabilities(self.network.logits(self.features(prefixes, dropout_masks)))

    def log_probabilities(self, inputs: Tensor, density: Density, dropout_masks: Tensor | None = None) -> Tensor:
        """Return the next token's log-probabilities (B, T, V) after each of `inputs` (B, T)."""
        prefixes = Prefixes.apart(inputs)
        return spread(self.log_probabilities_after(prefixes, density, dropout_masks), prefixes.places)

    def completions(self, rollout: Rollout) -> list[Completion]:
        """Return the completions of `rollout` as text; one transfer from the device."""
        actions, counts = rollout.actions.tolist(), rollout.mask.sum(1).tolist()
        result = []
        for row, (tokens, count) in enumerate(zip(actions, counts, strict=True)):
            start = rollout.prefix_lengths[row] - 1
            own = tokens[start : start + count]
            result.append(Completion(tuple(self.tokenizer.pieces(own)), bool(own) and own[-1] == DELIMITER))
        return result

    def write(
        self, prompts: Sequence[str], density: Density, generator: torch.Generator, *, greedy: bool = False
    ) -> list[Completion]:
        """Write one completion for each of `prompts`; raises InputError for a prompt it can't read."""
        prefixes = [self.prefix(prompt) for prompt in prompts]
        return self.completions(self.sample(prefixes, density, generator, len(prompts) if greedy else 0))

    def reading(self, pairs: Sequence[Pair]) -> Reading:
        """Return the reading of each (prompt, target), on the policy's device.

        The stop token is counted in; only a text that fills the length limit has none, as when it was written.
        """
        prefixes = [self.prefix(pair.prompt) for pair in pairs]
        texts = [self.tokenizer.encode(pair.target) for pair in pairs]
        targets = [text if len(text) == self.max_length else [*text, DELIMITER] for text in texts]
        columns = max(len(prefix) + len(target) for prefix, target in zip(prefixes, targets, strict=True)) - 1
        inputs = torch.zeros(len(pairs), columns, dtype=torch.long)
        actions = torch.zeros_like(inputs)
        mask = torch.zeros(inputs.shape, dtype=torch.bool)
        for row, (prefix, target) in enumerate(zip(prefixes, targets, strict=True)):
            whole = torch.tensor([*prefix, *target])
            inputs[row, : len(whole) - 1] = whole[:-1]
            actions[row, : len(whole) - 1] = whole[1:]
            mask[row, len(prefix) - 1 : len(whole) - 1] = True
        return Reading(inputs.to(self.device), actions.to(self.device), mask.to(self.device))

    def losses(self, reading: Reading) -> Tensor:
        """Return the mean negative log-probability (B,) of the actions of `reading`."""
        prefixes = Prefixes.apart(reading.inputs)
        log_p_all = self.log_probabilities_after(prefixes, Density())
        return mean_losses(token_losses(log_p_all, prefixes.places, reading), reading)

    @torch.no_grad()
    def cross_entropy(self, pairs: Sequence[Pair]) -> list[float]:
        """Return, for each (prompt, target), nats per token of the target, stop token counted in."""
        losses: list[float] = self.losses(self.reading(pairs)).tolist()
        return losses

    def state(self) -> dict[str, Tensor]:
        """Return the network's tensors by name, on the CPU."""
        return {name: tensor.detach().cpu().contiguous() for name, tensor in self.module.state_dict().items()}

    def load_state(self, tensors: dict[str, Any]) -> None:
        """Take over the network's `tensors`; raises InputError where they are another network's."""
        try:
            self.module.load_state_dict(tensors)
        except RuntimeError as error:
            raise InputError(f"The tensors do not fit a {self.spec.name} with this alphabet: {error}.") from error


def of_actions(values: Tensor, actions: Tensor) -> Tensor:
    """Return, of every token's `values` (B, T, V), those of `actions` (B, T)."""
    return values.gather(2, actions[:, :, None])[:, :, 0]


def prefixes_of(readings: Sequence[Reading], kinds: Sequence[Hashable] | None = None) -> Prefixes:
    """Return the prefixes of the texts of all `readings`: shared by texts of one of the `kinds` (N,), or all apart."""
    columns = max(reading.inputs.shape[1] for reading in readings)
    tokens, masks = (
        torch.cat([F.pad(one, (0, columns - one.shape[1])) for one in ones])
        for ones in ([reading.inputs for reading in readings], [reading.mask for reading in readings])
    )
    if kinds is None:
        return Prefixes.apart(tokens)
    lengths = torch.where(masks, torch.arange(1, columns + 1), 0).amax(1).tolist()
    return Prefixes.shared(tokens, lengths, kinds)


def token_losses(log_p_all: Tensor, places: Tensor, reading: Reading) -> Tensor:
    """Return the negative log-probability (B, T) of each action of `reading`, 0 where none counts.

    log_p_all (P, V) after each prefix, of which `places` (B, T) tell where it stands.
    """
    return -torch.where(reading.mask, of_actions_at(log_p_all, places, reading.actions), 0.0)


def mean_losses(losses: Tensor, reading: Reading) -> Tensor:
    """Return the mean (B,) of the `losses` (B, T) of each text's actions: its cross-entropy."""
    return losses.sum(1) / reading.mask.sum(1)
