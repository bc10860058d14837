"""A policy: a network with its tokenizer, which samples completions and computes the likelihood of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pgplay.errors import InputError
from pgplay.policies.chunked_distribution import ChunkedDistribution, prefixes_at_once
from pgplay.policies.density import Density
from pgplay.policies.distribution import DenseDistribution, TokenDistribution
from pgplay.policies.families.base import Capability
from pgplay.policies.large_sampler import LargeSampler
from pgplay.policies.networks.base import Network
from pgplay.policies.prefix_tree import Prefixes, spread
from pgplay.policies.reading import Reading, mean_losses, token_losses
from pgplay.policies.rollout import Completion, Rollout
from pgplay.policies.sampler import Sampler
from pgplay.policies.spec import PolicySpec
from pgplay.tasks.task import Pair


class Policy:
    """Maps a prompt to a distribution over completions of at most `max_length` tokens, including the stop token."""

    def __init__(self, shape: PolicySpec, module: nn.Module, device: torch.device) -> None:
        self.shape = shape
        self.spec = shape.network
        self.tokenizer = shape.tokenizer
        self.max_length = shape.max_length
        self.device = device
        self.module = module.to(device)
        self.network = cast(Network, self.module)
        self._trainable = self.network.trainable_parameters()

    @property
    def sampler(self) -> Sampler:
        """The sampler of its completions."""
        kind = LargeSampler if self.spec.can(Capability.RAGGED_PROMPTS) else Sampler
        return kind(self.network, self.tokenizer, self.max_length, self.device)

    def prefix(self, prompt: str) -> list[int]:
        """Return the tokens of `prompt` before its completion; raises InputError if it is too long."""
        tokens = self.tokenizer.render_prompt(prompt)
        if len(tokens) - 1 + self.max_length > self.spec.context_length:
            raise InputError(
                "prompt.too_long",
                tokens=len(tokens) - 1,
                room=self.max_length,
                model=self.spec.name,
                limit=self.spec.context_length,
            )
        return tokens

    def features(self, prefixes: Prefixes, dropout_masks: Tensor | None = None) -> Tensor:
        """Return the network's features (P, W) for `prefixes`.

        `dropout_masks` belong to the first texts, which must not share prefixes; the others have no dropout.
        """
        if dropout_masks is not None:
            missing = prefixes.prefix_index.shape[0] - dropout_masks.shape[1]
            dropout_masks = F.pad(dropout_masks, (0, 0, 0, missing), value=1.0).index_select(1, prefixes.texts)
        return self.network(prefixes, dropout_masks)

    def distributions(self, features: Tensor, densities: Sequence[Density]) -> list[TokenDistribution]:
        """Return the next token's distribution under each of `densities` after prefixes with `features` (P, W).

        Equal densities share one distribution; all share the logits, unless these take more than LOGITS_MEMORY.
        """
        by_density: dict[Density, TokenDistribution]
        rows = prefixes_at_once(self.tokenizer.vocabulary_size)
        if self.network.has_large_vocabulary and len(features) > rows:
            frozen = self.network.frozen_logits()
            current = self.network.logits if torch.is_grad_enabled() else frozen
            by_density = {
                density: ChunkedDistribution(features, current, frozen, density, rows) for density in densities
            }
        else:
            logits, kinds = self.network.logits(features), dict.fromkeys(densities)
            by_density = {density: DenseDistribution(density.log_probabilities(logits)) for density in kinds}
        return [by_density[density] for density in densities]

    def distribution_after(self, prefixes: Prefixes, density: Density) -> TokenDistribution:
        """Return the next token's distribution after each of `prefixes`, without dropout."""
        return self.distributions(self.features(prefixes), [density])[0]

    def reads_like(self, other: Policy) -> bool:
        """Return whether both policies have equal features for every text: the same ones, which neither trains."""
        is_constant = self.network.has_constant_features and other.network.has_constant_features
        return is_constant and self.shape.model == other.shape.model

    def log_probabilities_after(
        self, prefixes: Prefixes, density: Density, dropout_masks: Tensor | None = None
    ) -> Tensor:
        """Return the next token's log-probabilities (P, V) after each of `prefixes`."""
        return density.log_probabilities(self.network.logits(self.features(prefixes, dropout_masks)))

    def log_probabilities(self, inputs: Tensor, density: Density, dropout_masks: Tensor | None = None) -> Tensor:
        """Return the next token's log-probabilities (B, T, V) after each of `inputs` (B, T)."""
        prefixes = Prefixes.from_texts(inputs)
        return spread(self.log_probabilities_after(prefixes, density, dropout_masks), prefixes.prefix_index)

    def completions(self, rollout: Rollout) -> list[Completion]:
        """Return the completions of `rollout` as text; one transfer from the device."""
        actions, stopped = rollout.actions.tolist(), rollout.stopped.tolist()
        counts = (rollout.mask.sum(1) - rollout.stopped.long()).tolist()  # a stop token adds no text
        starts = (length - 1 for length in rollout.prefix_lengths)
        return [
            Completion(tuple(self.tokenizer.pieces(tokens[start : start + count])), finished)
            for tokens, start, count, finished in zip(actions, starts, counts, stopped, strict=True)
        ]

    def write(
        self, prompts: Sequence[str], density: Density, generator: torch.Generator, *, greedy: bool = False
    ) -> list[Completion]:
        """Sample one completion for each of `prompts`; raises InputError for a prompt it cannot read."""
        prefixes = [self.prefix(prompt) for prompt in prompts]
        return self.completions(self.sampler.sample(prefixes, density, generator, len(prompts) if greedy else 0))

    def reading(self, pairs: Sequence[Pair]) -> Reading:
        """Return the reading of each (prompt, target), on the policy's device.

        Including the stop token, except for a text that fills the length limit, as when sampled.
        """
        prefixes = [self.prefix(pair.prompt) for pair in pairs]
        texts = [self.tokenizer.encode(pair.target) for pair in pairs]
        targets = [text if len(text) == self.max_length else [*text, self.tokenizer.stop_ids[0]] for text in texts]
        columns = max(len(prefix) + len(target) for prefix, target in zip(prefixes, targets, strict=True)) - 1
        inputs = torch.full((len(pairs), columns), self.tokenizer.pad_id)
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
        prefixes = Prefixes.from_texts(reading.inputs)
        distribution = self.distribution_after(prefixes, Density())
        return mean_losses(token_losses(distribution, prefixes.prefix_index, reading), reading)

    @torch.no_grad()
    def cross_entropy(self, pairs: Sequence[Pair]) -> list[float]:
        """Return the nats per token of the target for each (prompt, target), including the stop token."""
        losses: list[float] = self.losses(self.reading(pairs)).tolist()
        return losses

    @torch.no_grad()
    def text_log_probabilities(self, pairs: Sequence[Pair]) -> list[float]:
        """Return the nats of each target as the whole completion of its prompt, including the stop token."""
        reading = self.reading(pairs)
        sums: list[float] = (-self.losses(reading) * reading.mask.sum(1)).tolist()
        return sums

    def trainable_parameters(self) -> list[nn.Parameter]:
        """Return the parameters that training changes."""
        return self._trainable

    def reference(self) -> Policy:
        """Return the policy as it is now, constant; it may share what training does not change."""
        return Policy(self.shape, cast(nn.Module, self.network.reference()), self.device)

    def base(self) -> Policy | None:
        """Return the pretrained policy without its adapter; None if training changes the network itself."""
        network = self.network.base()
        return None if network is None else Policy(self.shape, cast(nn.Module, network), self.device)

    def saved_state(self) -> dict[str, Tensor]:
        """Return the tensors to save besides the spec, by name, not copied."""
        return self.network.saved_state()

    def load_state(self, tensors: dict[str, Any]) -> None:
        """Load the network's `tensors`; raises InputError if they belong to another network."""
        try:
            self.network.load_saved_state(tensors)
        except RuntimeError as error:
            raise InputError("model.other_tensors", model=self.spec.name, reason=str(error)) from error
