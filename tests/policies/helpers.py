"""Helpers of the tests of policies and of learning: small policies, and all possible completions."""

from __future__ import annotations

import torch
from torch import Tensor

from pgplay.policies.build import build_policy
from pgplay.policies.density import Density
from pgplay.policies.networks.base import Network
from pgplay.policies.policy import Policy
from pgplay.policies.prefix_tree import Prefixes, spread
from pgplay.policies.rollout import Rollout
from pgplay.policies.spec import FreshSpec
from pgplay.tokenizers.character import DELIMITER

FAMILIES = ("gru-nano", "transformer-nano")
PLAIN = Density()


def small_policy(
    model: str = "gru-nano", alphabet: str = "ab", max_length: int = 3, seed: int = 0, sharpness: float = 1.0
) -> Policy:
    """Return a policy on the CPU; `sharpness` multiplies the logits, because a fresh policy is nearly uniform."""
    policy = build_policy(FreshSpec(model, alphabet, max_length), torch.device("cpu"), seed)
    with torch.no_grad():
        for parameter in policy.module.lm_head.parameters():
            parameter.mul_(sharpness)
    return policy


def every_completion(policy: Policy) -> list[list[int]]:
    """Return the actions of every possible completion: up to the stop token or the length limit."""
    complete, open_ = [], [[]]
    while open_:
        grown = [[*actions, token] for actions in open_ for token in range(policy.tokenizer.vocabulary_size)]
        ended = [actions[-1] == DELIMITER or len(actions) == policy.max_length for actions in grown]
        complete += [actions for actions, end in zip(grown, ended, strict=True) if end]
        open_ = [actions for actions, end in zip(grown, ended, strict=True) if not end]
    return complete


def rollout_of(policy: Policy, completions: list[list[int]], density: Density = PLAIN, prompt: str = "") -> Rollout:
    """Return the rollout with `completions`, each a list of actions, for `prompt`."""
    prefix = policy.prefix(prompt)
    columns = len(prefix) - 1 + max(map(len, completions))
    inputs = torch.zeros(len(completions), columns, dtype=torch.long)
    actions = torch.zeros_like(inputs)
    mask = torch.zeros(inputs.shape, dtype=torch.bool)
    for row, own in enumerate(completions):
        whole = torch.tensor([*prefix, *own])
        inputs[row, : len(whole) - 1], actions[row, : len(whole) - 1] = whole[:-1], whole[1:]
        mask[row, len(prefix) - 1 : len(whole) - 1] = True
    with torch.no_grad():
        log_p = policy.log_probabilities(inputs, density).gather(2, actions[:, :, None])[:, :, 0]
    stopped = torch.tensor([own[-1] in policy.tokenizer.stop_ids for own in completions])
    lengths = [len(prefix)] * len(completions)
    return Rollout(inputs, actions, mask, torch.where(mask, log_p, 0.0), stopped, lengths, None)


def read(network: Network, tokens: Tensor, masks: Tensor | None = None) -> Tensor:
    """Return features (B, T, W) for `tokens` (B, T)."""
    prefixes = Prefixes.from_texts(tokens)
    own = None if masks is None else masks[:, prefixes.texts]
    return spread(network(prefixes, own), prefixes.prefix_index)


def texts_of(policy: Policy, completions: list[list[int]]) -> list[str]:
    return [policy.tokenizer.decode(actions) for actions in completions]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
