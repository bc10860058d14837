"""Searches over texts, without a network: hill-climb and random-search, with as many rewards a step as the trainer has.

For each prompt the best text so far is kept. random-search proposes random texts: each length from none to the limit is
as likely as any other, each character too. (An untrained policy would be the worse opponent: it stops with the chance
of any one character, so the length of a 12-character target comes less than half as often.) hill-climb begins with one
such text and proposes single edits of the kept one: a character put in, taken out, or changed for another. A text that
is as good as the kept one takes its place, so that a climb walks on where rewards are level.
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
    reward_statistics,
    sample_of,
    telling_samples,
)
from pgplay.learning.reports.step_report import Sample, StepReport
from pgplay.learning.reports.step_trace import trace_of
from pgplay.policies.rollout import Completion
from pgplay.rewards.edits import edited
from pgplay.rewards.reward import Reward
from pgplay.tasks.task import Pair


class Kept(msgspec.Struct, frozen=True):
    """A prompt's best text so far, and its reward."""

    text: str
    reward: float


class Counters(msgspec.Struct):
    """What a search counts and remembers from step to step.

    `kept` holds the best text of each prompt, by the reward `judged_by`; `unscored` those of another reward or target.
    """

    judged_by: str
    steps: int = 0
    completions: int = 0
    seconds: float = 0.0
    waiting: list[int] = []
    best: Sample | None = None
    kept: dict[str, Kept] = {}
    unscored: dict[str, str] = {}


class Search:
    """Looks for the texts of one task; the numbers depend on the plan (its seed in it) and the reward."""

    policy: None = None

    def __init__(self, plan: Plan, reward: Reward, measures: Mapping[str, Reward] | None = None) -> None:
        self.plan = plan
        self.reward = reward
        self.measures = dict(measures or {})
        self.device = torch.device("cpu")
        self.generator = torch.Generator().manual_seed(plan.config.seed)
        self.prompt_generator = torch.Generator().manual_seed(plan.config.seed)
        self.counters = Counters(_identity(reward))

    def greedy_texts(self, pairs: Sequence[Pair]) -> list[str]:
        """Return the best text so far for each of `pairs`; an empty one where the prompt has not come yet."""
        texts = self.counters.unscored | {prompt: kept.text for prompt, kept in self.counters.kept.items()}
        return [texts.get(pair.prompt, "") for pair in pairs]

    def step(self) -> StepReport:
        """Make one step; raises RewardError, and then nothing has happened."""
        began = time.perf_counter()
        if self.counters.judged_by != _identity(self.reward):
            self._forget_rewards()
        chance = self.generator.get_state(), self.prompt_generator.get_state(), list(self.counters.waiting)
        pairs = self._next_pairs()
        texts = [text for pair in pairs for text in self._proposals(pair)]
        asked = [pair for pair in pairs for _ in range(self.plan.config.group_size)]
        proposed = time.perf_counter()
        try:
            scores = self.reward.score_pairs(texts, asked)
            metrics = further_series(texts, asked, further_values(texts, asked, scores.parts, self.measures))
        except PgplayError:
            self.generator.set_state(chance[0])
            self.prompt_generator.set_state(chance[1])
            self.counters.waiting = chance[2]
            raise
        scored = time.perf_counter()
        size = self.plan.config.group_size
        groups = [slice(start, start + size) for start in range(0, len(texts), size)]
        greedy = [
            self._keep(pair, texts[group], scores.values[group]) for pair, group in zip(pairs, groups, strict=True)
        ]
        self.counters.steps += 1
        self.counters.completions += len(texts)
        samples = self._samples(asked, texts, scores.values, pairs[0], greedy[0])
        # As a policy would have written them: a token for each character, and the stop token.
        characters = float(sum(len(text) + 1 for text in texts))
        metrics |= reward_statistics(scores.values, size)
        metrics |= {
            "greedy_reward": sum(one.reward for one in greedy) / len(pairs),
            "exact_match": sum(pair.matches(one.text) for one, pair in zip(greedy, pairs, strict=True)) / len(pairs),
            "length": characters / len(texts),
            "characters": characters,
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
        """Go on by another `plan` of the same alphabet and limit, and by another `reward` where one is given.

        The kept texts stay; where target or reward are other ones, each is scored anew when its prompt comes.
        """
        self.reward = reward or self.reward
        if plan.task != self.plan.task:
            self.counters.waiting = []
            self._forget_rewards()
        self.plan = plan

    def state(self) -> LearnerState:
        """Return a copy of everything that the next step depends on."""
        tensors = {"generator": self.generator.get_state(), "prompt_generator": self.prompt_generator.get_state()}
        return LearnerState(tensors, {"counters": msgspec.to_builtins(self.counters)})

    def restore(self, state: LearnerState) -> None:
        """Take over a `state`; the next step is then bit for bit the one that would have followed it."""
        self.generator.set_state(state.tensors["generator"])
        self.prompt_generator.set_state(state.tensors["prompt_generator"])
        self.counters = msgspec.convert(state.values["counters"], Counters)

    def _forget_rewards(self) -> None:
        self.counters.judged_by = _identity(self.reward)
        self.counters.best = None
        self.counters.unscored |= {prompt: kept.text for prompt, kept in self.counters.kept.items()}
        self.counters.kept = {}

    def _next_pairs(self) -> list[Pair]:
        training = self.plan.task.training
        wanted = self.plan.config.batch_size // self.plan.config.group_size
        chosen, self.counters.waiting = next_prompts(
            self.counters.waiting, wanted, len(training), self.prompt_generator
        )
        return [training[number] for number in chosen]

    def _proposals(self, pair: Pair) -> list[str]:
        """Return a group of texts; a text that is not scored yet is itself the first of them."""
        alphabet, limit = self.plan.shape.alphabet, self.plan.shape.max_length - 1
        kept = self.counters.kept.get(pair.prompt)
        if kept is not None:
            text, scored_anew = kept.text, []
        else:
            (drawn,) = random_texts(1, alphabet, limit, self.generator)
            text = self.counters.unscored.get(pair.prompt, drawn)
            scored_anew = [text]
        count = self.plan.config.group_size - len(scored_anew)
        if self.plan.config.algorithm == "hill-climb":
            return scored_anew + neighbours(text, count, alphabet, limit, self.generator)
        return scored_anew + random_texts(count, alphabet, limit, self.generator)

    def _keep(self, pair: Pair, texts: Sequence[str], rewards: Sequence[float]) -> Kept:
        """Return what is kept now: the first of the best of `texts`, unless it is worse than what was kept."""
        best = max(range(len(texts)), key=lambda number: rewards[number])
        kept = self.counters.kept.get(pair.prompt)
        if kept is None or rewards[best] >= kept.reward:
            kept = self.counters.kept[pair.prompt] = Kept(texts[best], rewards[best])
            self.counters.unscored.pop(pair.prompt, None)
        return kept

    def _has_found_all(self) -> bool:
        training = self.plan.task.training
        return all(pair.matches(text) for text, pair in zip(self.greedy_texts(training), training, strict=True))

    def _samples(
        self, asked: list[Pair], texts: list[str], rewards: list[float], first: Pair, greedy: Kept
    ) -> tuple[Sample, ...]:
        telling = telling_samples(asked, [_written(text) for text in texts], rewards, self.counters.steps)
        if self.counters.best is None or telling[0].reward > self.counters.best.reward:
            self.counters.best = msgspec.structs.replace(telling[0], role="best")
        shown = sample_of("greedy", first, _written(greedy.text), greedy.reward, self.counters.steps)
        return (shown, self.counters.best, *telling)


def random_texts(count: int, alphabet: str, limit: int, generator: torch.Generator) -> list[str]:
    """Return `count` texts: the length uniform from 0 to `limit`, each character uniform over `alphabet`."""
    lengths = torch.randint(limit + 1, (count,), generator=generator).tolist()
    letters = torch.randint(len(alphabet), (count, limit), generator=generator).tolist()
    return ["".join(alphabet[letter] for letter in row[:length]) for row, length in zip(letters, lengths, strict=True)]


def neighbours(text: str, count: int, alphabet: str, limit: int, generator: torch.Generator) -> list[str]:
    """Return `count` texts that are one edit from `text`, at most `limit` characters long, and never `text` itself."""
    draws = torch.rand(count, 3, generator=generator, dtype=torch.float64).tolist()
    return [edited(text, draw, alphabet, limit) for draw in draws]


def _written(text: str) -> Completion:
    return Completion(tuple(text), True)


def _identity(reward: Reward) -> str:
    """Return what tells one reward from another: what was typed, and a person's Python as it was read."""
    return f"{reward.spec}\n{reward.source}"
