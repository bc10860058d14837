"""Takes a first look: samples from an untrained policy, scores, and times one backward pass; nothing is changed."""

from __future__ import annotations

import time

import torch

from pgplay.learning.memory import memory_of
from pgplay.learning.plan import Plan
from pgplay.learning.reports.first_look import FirstLook
from pgplay.learning.reports.samples import quantile_samples, reward_statistics
from pgplay.policies.density import Density
from pgplay.policies.policy import Policy
from pgplay.rewards.reward import Reward

FIRST_COMPLETIONS = 64
"""The number of completions that are sampled, in whole groups."""
_TIMED = 8
"""Completions of the backward pass that is timed."""


def first_look(plan: Plan, policy: Policy, reward: Reward) -> FirstLook:
    """Return what `policy` writes for the plan's first prompts, and what a step of the plan will cost.

    The random numbers are its own, so that a run's first step does not change. Raises RewardError.
    """
    config, training = plan.config, plan.task.training
    groups = max(1, -(-FIRST_COMPLETIONS // config.group_size))
    pairs = [training[number % len(training)] for number in range(groups) for _ in range(config.group_size)]
    generator = torch.Generator(policy.device).manual_seed(config.seed)
    began = time.perf_counter()
    prefixes = [policy.prefix(pair.prompt) for pair in pairs]
    rollout = policy.sampler.sample(prefixes, Density.of(config), generator)
    completions = policy.completions(rollout)  # waits for the device
    sampled = time.perf_counter()
    few = rollout.rows(min(_TIMED, config.group_size)).reading
    slopes = torch.autograd.grad(policy.losses(few).mean(), policy.trainable_parameters(), allow_unused=True)
    torch.stack([slope.sum() for slope in slopes if slope is not None]).sum().item()  # waits for the device
    learned = time.perf_counter()
    texts = [completion.text for completion in completions]
    rewards = reward.score_pairs(texts, pairs).values
    statistics = reward_statistics(rewards, config.group_size)
    samplings, learnings = config.batch_size / len(pairs), config.batch_size / len(few.inputs)
    return FirstLook(
        completions=len(pairs),
        earning=sum(value > 0 for value in rewards) / len(rewards),
        mean=statistics["reward_mean"],
        distinct=len(set(texts)),
        ended=sum(completion.finished for completion in completions) / len(completions),
        tied_groups=statistics["tied_groups"],
        max_length=plan.shape.max_length,
        seconds=samplings * (sampled - began) + learnings * config.updates_per_step * (learned - sampled),
        samples=tuple(quantile_samples(pairs, completions, rewards, 0)),
        memory=memory_of(plan),
    )
