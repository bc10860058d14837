"""Evaluation on training and held-out prompts; their difference is the generalisation gap.

Both are evaluated on fixed prompts at the same step, by greedy completions and by the targets' cross-entropy.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import torch

from pgplay.learning.evaluation.greedy import greedy_texts, in_batches
from pgplay.learning.reports.samples import sample_of
from pgplay.learning.reports.step_report import PromptSheet, Sample
from pgplay.policies.density import Density
from pgplay.policies.policy import Policy
from pgplay.rewards.reward import Reward
from pgplay.tasks.task import Pair, Task

MEASURED = 128
"""Most training and most held-out prompts to evaluate: the standard error of a share of 0.97 is then 0.015."""
SHOWN = 100
"""Most training and most held-out prompts that are shown one by one."""


def held_out_evaluation(policy: Policy, reward: Reward, task: Task) -> dict[str, float]:
    """Return reward, exact match and cross-entropy on training and held-out prompts by metric name, and the gap.

    `task` has held-out pairs. Without targets there is only a reward. Raises RewardError.
    """
    sides = {"training": task.training[:MEASURED], "held_out": task.held_out[:MEASURED]}
    metrics = {
        f"{side}_{name}": value for side, pairs in sides.items() for name, value in _measure(policy, reward, pairs)
    }
    return metrics | {"gap": metrics["training_reward"] - metrics["held_out_reward"]}


def prompt_sheet(policy: Policy, reward: Reward, task: Task, step: int) -> PromptSheet:
    """Return the scored greedy completions for the first training and held-out prompts; raises RewardError."""

    def written(pairs: Sequence[Pair]) -> tuple[Sample, ...]:
        completions = policy.write(
            [pair.prompt for pair in pairs], Density(), torch.Generator(policy.device), greedy=True
        )
        rewards = reward.score_pairs([completion.text for completion in completions], pairs).values
        rows = zip(pairs, completions, rewards, strict=True)
        return tuple(sample_of("greedy", pair, completion, value, step) for pair, completion, value in rows)

    held_out = written(task.held_out[:SHOWN]) if task.held_out else ()
    shown = (*task.training[:SHOWN], *task.held_out[:SHOWN])
    texts = {pair.prompt: policy.tokenizer.prompt_text(pair.prompt) for pair in shown}
    rendered = {prompt: text for prompt, text in texts.items() if text != prompt}
    return PromptSheet(step, written(task.training[:SHOWN]), held_out, rendered)


def _measure(policy: Policy, reward: Reward, pairs: Sequence[Pair]) -> list[tuple[str, float]]:
    texts = greedy_texts(policy, pairs)
    metrics = [("reward", sum(reward.score_pairs(texts, pairs).values) / len(pairs))]
    if pairs[0].target:
        exact = sum(pair.matches(text) for text, pair in zip(texts, pairs, strict=True))
        metrics += [("exact_match", exact / len(pairs)), ("cross_entropy", mean_cross_entropy(policy, pairs))]
    return metrics


def cross_entropies(policy: Policy, pairs: Sequence[Pair]) -> list[float]:
    """Return the target's cross-entropy for each of `pairs`, in nats per token, including the stop token."""
    return [nats for part in in_batches(pairs) for nats in policy.cross_entropy(part)]


def mean_cross_entropy(policy: Policy, pairs: Sequence[Pair]) -> float:
    """Return the mean over `pairs` of the target's cross-entropy, in nats per token, including the stop token."""
    return fmean(cross_entropies(policy, pairs))
