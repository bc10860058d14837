"""How a policy does on prompts that it was never trained on, beside how it does on those that it was: the gap.

Measured now and then, always on the same prompts, by greedy completions and by the targets' cross-entropy. Both sides
are measured in the same way at the same moment, so that their difference is the gap of generalisation and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import torch

from pgplay.learning.evaluation.greedy import greedy_texts, in_parts
from pgplay.learning.reports.samples import sample_of
from pgplay.learning.reports.step_report import PromptSheet, Sample
from pgplay.policies.density import Density
from pgplay.policies.policy import Policy
from pgplay.rewards.reward import Reward
from pgplay.tasks.task import Pair, Task

MEASURED = 128
"""Prompts of either side that are measured, at most: a share of 0.97 is then known to within 0.015."""
SHOWN = 100
"""Prompts of either side that a person can look at one by one."""


def held_out_evaluation(policy: Policy, reward: Reward, task: Task) -> dict[str, float]:
    """Return reward, exact match and cross-entropy on training and held-out prompts by metric name, and the gap.

    `task` has pairs held out. Where it has no targets there is only a reward. Raises RewardError.
    """
    sides = {"training": task.training[:MEASURED], "held_out": task.held_out[:MEASURED]}
    told = {
        f"{side}_{name}": value for side, pairs in sides.items() for name, value in _measure(policy, reward, pairs)
    }
    return told | {"gap": told["training_reward"] - told["held_out_reward"]}


def prompt_sheet(policy: Policy, reward: Reward, task: Task, step: int) -> PromptSheet:
    """Return the greedy completion for each of the first prompts of either side, scored; raises RewardError."""

    def written(pairs: Sequence[Pair]) -> tuple[Sample, ...]:
        completions = policy.write(
            [pair.prompt for pair in pairs], Density(), torch.Generator(policy.device), greedy=True
        )
        rewards = reward.score_pairs([completion.text for completion in completions], pairs).values
        rows = zip(pairs, completions, rewards, strict=True)
        return tuple(sample_of("greedy", pair, completion, value, step) for pair, completion, value in rows)

    held_out = written(task.held_out[:SHOWN]) if task.held_out else ()
    return PromptSheet(step, written(task.training[:SHOWN]), held_out)


def _measure(policy: Policy, reward: Reward, pairs: Sequence[Pair]) -> list[tuple[str, float]]:
    texts = greedy_texts(policy, pairs)
    told = [("reward", sum(reward.score_pairs(texts, pairs).values) / len(pairs))]
    if pairs[0].target:
        met = sum(pair.matches(text) for text, pair in zip(texts, pairs, strict=True))
        told += [("exact_match", met / len(pairs)), ("cross_entropy", mean_cross_entropy(policy, pairs))]
    return told


def cross_entropies(policy: Policy, pairs: Sequence[Pair]) -> list[float]:
    """Return for each of `pairs` the target's cross-entropy, in nats per token, the stop token counted in."""
    return [one for part in in_parts(pairs) for one in policy.cross_entropy(part)]


def mean_cross_entropy(policy: Policy, pairs: Sequence[Pair]) -> float:
    """Return the mean over `pairs` of the target's cross-entropy, in nats per token, the stop token counted in."""
    return fmean(cross_entropies(policy, pairs))
