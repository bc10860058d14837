"""The rewards of one step: of its completions and of the measured prompts' greedy ones, with the metrics they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pgplay.learning.reports.samples import further_series, further_values
from pgplay.policies.rollout import Completion
from pgplay.rewards.reward import Reward
from pgplay.tasks.task import Pair


class Scored(NamedTuple):
    """Completions and rewards of the sampled rows, and of the measured prompts' greedy rows.

    `values`: the sampled rows' parts of the reward and measures, by name; `series`: metrics of the step.
    """

    completions: list[Completion]
    rewards: list[float]
    greedy: list[Completion]
    greedy_rewards: list[float]
    values: dict[str, Sequence[float]]
    series: dict[str, float]


def score_step(
    written: Sequence[Completion],
    answered: Sequence[Pair],
    measured: Sequence[Pair],
    reward: Reward,
    measures: Mapping[str, Reward],
    *,
    has_targets: bool,
) -> Scored:
    """Score what was `written`: a completion for each of the `answered` pairs, then a greedy one for each `measured`.

    Raises RewardError if the reward or a measure fails.
    """
    pairs = [*answered, *measured]
    texts = [completion.text for completion in written]
    scores = reward.score_pairs(texts, pairs)
    count = len(answered)
    values = further_values(texts[:count], pairs[:count], scores.parts, measures)
    series = further_series(texts[:count], pairs[:count], values)
    finished = [completion.finished for completion in written[:count]]
    series |= {"greedy_reward": sum(scores.values[count:]) / len(measured), "stop_rate": sum(finished) / count}
    if has_targets:
        matches = sum(pair.matches(text) for text, pair in zip(texts[count:], measured, strict=True))
        series["exact_match"] = matches / len(measured)
        series["sampled_match"] = sum(map(Pair.matches, answered, texts)) / count
    return Scored(
        list(written[:count]), scores.values[:count], list(written[count:]), scores.values[count:], values, series
    )
