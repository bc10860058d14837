"""The completions of one step: those of its prompts, and the measured prompts' greedy ones."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from pgplay.learning.plan import Plan
from pgplay.policies.cuda_graphs import GraphCache
from pgplay.policies.density import Density
from pgplay.policies.networks.base import draw_masks
from pgplay.policies.policy import Policy
from pgplay.policies.ranks import Ranks
from pgplay.policies.rollout import Rollout
from pgplay.tasks.task import Pair


def sample_step(
    plan: Plan,
    policy: Policy,
    pairs: Sequence[Pair],
    measured: Sequence[Pair],
    generator: torch.Generator,
    graphs: GraphCache,
    ranks: Ranks,
) -> Rollout:
    """Sample a group of completions for each of `pairs`, then a greedy one for each `measured`; `ranks` share them."""
    config = plan.config
    prefix_of = {prompt: policy.prefix(prompt) for prompt in {pair.prompt for pair in (*pairs, *measured)}}
    prefixes = [prefix_of[pair.prompt] for pair in pairs for _ in range(config.group_size)]
    greedy = [prefix_of[pair.prompt] for pair in measured]
    masks = None
    if config.dropout:
        masks = draw_masks(policy.network, len(prefixes), config.dropout, generator)
        masks = nn.functional.pad(masks, (0, 0, 0, len(greedy)), value=1.0)
    sample = policy.sampler.sample
    return sample([*prefixes, *greedy], Density.of(config), generator, len(greedy), masks, graphs, ranks)
