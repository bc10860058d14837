"""Searches over texts, without a network: hill-climb and random-search, with as many rewards per step as the trainer.

The best text so far is kept for each prompt. random-search proposes random texts: all lengths up to the limit and all
characters are equally likely. (An untrained policy is a weaker comparison: it writes the length of a 12-character
target less than half as often.) hill-climb starts from a random text and proposes single edits of the best one: a
character inserted, deleted or replaced. A text with the same reward replaces the best one, so that a climb crosses
plateaus.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import msgspec
import torch

from pgplay.errors import PgplayError
from pgplay.learning.learner import LearnerState
from pgplay.learning.plan import Plan
from pgplay.learning.prompt_order import next_prompts
from pgplay.learning.reports.samples import (
    further_series,
    further_values,
    quantile_samples,
    reward_statistics,
    sample_of,
)
from pgplay.learning.reports.step_report import Sample, StepReport
from pgplay.learning.reports.step_trace import trace_of
from pgplay.learning.search_state import BestText, SearchCounters
from pgplay.policies.rollout import Completion
from pgplay.rewards.edits import edited
from pgplay.rewards.reward import Reward
from pgplay.tasks.task import Pair


class Search:
    """Searches for the texts of one task; the numbers depend on the plan (with its seed) and the reward."""

    policy: None = None

    def __init__(self, plan: Plan, reward: Reward, measures: Mapping[str, Reward] | None = None) -> None:
        self.plan = plan
        self.reward = reward
        self.measures = dict(measures or {})
        self.device = torch.device("cpu")
        self.generator = torch.Generator().manual_seed(plan.config.seed)
        self.prompt_generator = torch.Generator().manual_seed(plan.config.seed)
        self.counters = SearchCounters(_identity(reward))

    def greedy_texts(self, pairs: Sequence[Pair]) -> list[str]:
        """Return the best text so far for each of `pairs`; empty before the prompt's first step."""
        texts = self.counters.unscored | {prompt: best.text for prompt, best in self.counters.kept.items()}
        return [texts.get(pair.prompt, "") for pair in pairs]

    def step(self) -> StepReport:
        """Make one step; if it raises RewardError, nothing has changed."""
        began = time.perf_counter()
        if self.counters.judged_by != _identity(self.reward):
            self._forget_rewards()
        random_state = self.generator.get_state(), self.prompt_generator.get_state(), list(self.counters.waiting)
        pairs = self._next_pairs()
        texts = [text for pair in pairs for text in self._proposals(pair)]
        answered = [pair for pair in pairs for _ in range(self.plan.config.group_size)]
        proposed = time.perf_counter()
        try:
            scores = self.reward.score_pairs(texts, answered)
            metrics = further_series(texts, answered, further_values(texts, answered, scores.parts, self.measures))
        except PgplayError:
            self.generator.set_state(random_state[0])
            self.prompt_generator.set_state(random_state[1])
            self.counters.waiting = random_state[2]
            raise
        scored = time.perf_counter()
        size = self.plan.config.group_size
        groups = [slice(start, start + size) for start in range(0, len(texts), size)]
        greedy = [
            self._keep(pair, texts[group], scores.values[group]) for pair, group in zip(pairs, groups, strict=True)
        ]
        self.counters.steps += 1
        self.counters.completions += len(texts)
        samples = self._samples(answered, texts, scores.values, pairs[0], greedy[0])
        # counted as a policy's tokens: one per character, and the stop token
        tokens = float(sum(len(text) + 1 for text in texts))
        metrics |= reward_statistics(scores.values, size)
        metrics |= {
            "greedy_reward": sum(best.reward for best in greedy) / len(pairs),
            "exact_match": sum(pair.matches(best.text) for best, pair in zip(greedy, pairs, strict=True)) / len(pairs),
            "length": tokens / len(texts),
            "characters": tokens,
        }
        ended = time.perf_counter()
        self.counters.seconds += ended - began
        metrics |= {
            "seconds_sample": proposed - began,
            "seconds_score": scored - proposed,
            "seconds_learn": ended - scored,
        }
        return StepReport(
            step=self.counters.steps,
            seconds=self.counters.seconds,
            completions=self.counters.completions,
            metrics=metrics,
            samples=samples,
            solved=metrics["exact_match"] == 1.0 and self._has_found_all(),
            trace=trace_of(scores.values),
        )

    def change(self, plan: Plan, reward: Reward | None = None) -> None:
        """Continue with another `plan` of the same alphabet and limit, and with another `reward` if given.

        The best texts stay; if the target or reward changed, each is scored again at its prompt's next step.
        """
        self.reward = reward or self.reward
        if plan.task != self.plan.task:
            self.counters.waiting = []
            self._forget_rewards()
        self.plan = plan

    def state(self) -> LearnerState:
        """Return a copy of everything the next step depends on."""
        tensors = {"generator": self.generator.get_state(), "prompt_generator": self.prompt_generator.get_state()}
        return LearnerState(tensors, {"counters": msgspec.to_builtins(self.counters)})

    def restore(self, state: LearnerState) -> None:
        """Restore a `state`; the next step is then bit for bit the one that would have followed it."""
        self.generator.set_state(state.tensors["generator"])
        self.prompt_generator.set_state(state.tensors["prompt_generator"])
        self.counters = msgspec.convert(state.values["counters"], SearchCounters)

    def _forget_rewards(self) -> None:
        self.counters.judged_by = _identity(self.reward)
        self.counters.best = None
        self.counters.unscored |= {prompt: best.text for prompt, best in self.counters.kept.items()}
        self.counters.kept = {}

    def _next_pairs(self) -> list[Pair]:
        training = self.plan.task.training
        count = self.plan.config.batch_size // self.plan.config.group_size
        prompts, self.counters.waiting = next_prompts(
            self.counters.waiting, count, len(training), self.prompt_generator
        )
        return [training[number] for number in prompts]

    def _proposals(self, pair: Pair) -> list[str]:
        """Return a group of texts; the prompt's current text comes first if it is not scored yet."""
        alphabet, limit = self.plan.shape.alphabet, self.plan.shape.max_length - 1
        present = self.counters.kept.get(pair.prompt)
        if present is not None:
            text, unscored = present.text, list[str]()
        else:
            (random_text,) = random_texts(1, alphabet, limit, self.generator)
            text = self.counters.unscored.get(pair.prompt, random_text)
            unscored = [text]
        count = self.plan.config.group_size - len(unscored)
        if self.plan.config.algorithm == "hill-climb":
            return unscored + neighbours(text, count, alphabet, limit, self.generator)
        return unscored + random_texts(count, alphabet, limit, self.generator)

    def _keep(self, pair: Pair, texts: Sequence[str], rewards: Sequence[float]) -> BestText:
        """Keep the first of the best `texts`, unless it is worse than the kept one; return the kept text."""
        best = max(range(len(texts)), key=lambda number: rewards[number])
        present = self.counters.kept.get(pair.prompt)
        if present is None or rewards[best] >= present.reward:
            present = self.counters.kept[pair.prompt] = BestText(texts[best], rewards[best])
            self.counters.unscored.pop(pair.prompt, None)
        return present

    def _has_found_all(self) -> bool:
        training = self.plan.task.training
        return all(pair.matches(text) for text, pair in zip(self.greedy_texts(training), training, strict=True))

    def _samples(
        self, pairs: list[Pair], texts: list[str], rewards: list[float], first: Pair, greedy: BestText
    ) -> tuple[Sample, ...]:
        samples = quantile_samples(pairs, [_written(text) for text in texts], rewards, self.counters.steps)
        if self.counters.best is None or samples[0].reward > self.counters.best.reward:
            self.counters.best = msgspec.structs.replace(samples[0], role="best")
        greedy_sample = sample_of("greedy", first, _written(greedy.text), greedy.reward, self.counters.steps)
        return (greedy_sample, self.counters.best, *samples)


def random_texts(count: int, alphabet: str, limit: int, generator: torch.Generator) -> list[str]:
    """Return `count` texts: the length uniform from 0 to `limit`, each character uniform over `alphabet`."""
    lengths = torch.randint(limit + 1, (count,), generator=generator).tolist()
    letters = torch.randint(len(alphabet), (count, limit), generator=generator).tolist()
    return ["".join(alphabet[letter] for letter in row[:length]) for row, length in zip(letters, lengths, strict=True)]


def neighbours(text: str, count: int, alphabet: str, limit: int, generator: torch.Generator) -> list[str]:
    """Return `count` texts one edit away from `text`, at most `limit` characters long; never `text` itself."""
    draws = torch.rand(count, 3, generator=generator, dtype=torch.float64).tolist()
    return [edited(text, draw, alphabet, limit) for draw in draws]


def _written(text: str) -> Completion:
    return Completion(tuple(text), True)


def _identity(reward: Reward) -> str:
    """Return a text that identifies `reward`: its spec and its Python source."""
    return f"{reward.spec}\n{reward.source}"
