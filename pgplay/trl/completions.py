"""The completions of a trainer of TRL with their rewards, as its reward functions get and give them."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pgplay.policies.rollout import Completion
from pgplay.tasks.task import Pair
from pgplay.trl.data_set import OTHERS, TAKEN, TARGET
from pgplay.trl.reward import text_of_message


class RewardedBatch(NamedTuple):
    """B completions for `pairs`, with their rewards and their lengths in tokens; NaN for one that got no reward."""

    pairs: list[Pair]
    completions: list[Completion]
    rewards: list[float]
    lengths: list[int]


class RewardTap:
    """Stands between a trainer and its reward functions, which get and give what they did before.

    `take` gets each batch of training once all functions have scored it; its exceptions go to `complain`. `start` is
    left out of prompts. A reward model is no function, so a trainer that has one is not tapped.
    """

    def __init__(
        self,
        trainer: Any,
        start: str,
        take: Callable[[RewardedBatch], object],
        complain: Callable[[Exception], object],
    ) -> None:
        self._trainer, self._start, self._take, self._complain = trainer, start, take, complain
        self._scores: dict[int, list[float]] = {}
        self._functions = list(trainer.reward_funcs)
        weights = getattr(trainer.args, "reward_weights", None)
        self._weights = [float(weight) for weight in weights] if weights else [1.0] * len(self._functions)
        self.is_open = all(inspect.isroutine(function) or _is_plain(function) for function in self._functions)
        if self.is_open:
            trainer.reward_funcs[:] = [self._tapped(place, each) for place, each in enumerate(self._functions)]

    def close(self) -> None:
        """Give the trainer its own functions back."""
        if self.is_open:
            self._trainer.reward_funcs[:] = self._functions

    def _tapped(self, place: int, function: Any) -> Callable[..., Any]:
        if _is_awaited(function):

            async def awaited(*args: Any, **given: Any) -> Any:
                scores = await function(*args, **given)
                return self._seen(place, given, scores)

            return functools.update_wrapper(awaited, function)

        def called(*args: Any, **given: Any) -> Any:
            return self._seen(place, given, function(*args, **given))

        return functools.update_wrapper(called, function)

    def _seen(self, place: int, given: Mapping[str, Any], scores: Any) -> Any:
        """Return the `scores` that the function at `place` made of what it was `given`, after a look at them."""
        scores = list(scores)
        try:
            if self._trainer.model.training:
                self._scores[place] = [math.nan if score is None else float(score) for score in scores]
                if len(self._scores) == len(self._functions):
                    rows, self._scores = [self._scores[number] for number in range(len(self._functions))], {}
                    self._take(self._batch(given, [_weighed(row, self._weights) for row in zip(*rows, strict=True)]))
        except Exception as error:
            self._scores = {}
            self._complain(error)
        return scores

    def _batch(self, given: Mapping[str, Any], rewards: list[float]) -> RewardedBatch:
        texts = [text_of_message(completion) for completion in given["completions"]]
        prompts = [text_of_message(prompt).removeprefix(self._start) for prompt in given["prompts"]]
        ids = [[int(token) for token in tokens] for tokens in given["completion_ids"]]
        limit, tokenizer = self._trainer.args.max_completion_length, self._trainer.processing_class
        stop = getattr(tokenizer, "eos_token_id", None)
        completions = [
            Completion((text,), len(tokens) < (limit or math.inf) or tokens[-1:] == [stop])
            for text, tokens in zip(texts, ids, strict=True)
        ]
        return RewardedBatch(_pairs(prompts, given), completions, rewards, [len(tokens) for tokens in ids])


def _is_awaited(function: Any) -> bool:
    """Whether a trainer awaits what `function` returns, by the same look as TRL's."""
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(function.__call__)


def _is_plain(function: Any) -> bool:
    """Whether `function` is an object that is called as a function; a reward model is a module with parameters."""
    return callable(function) and not hasattr(function, "parameters")


def _weighed(scores: Sequence[float], weights: Sequence[float]) -> float:
    """Return the weighted sum of one completion's `scores` without the missing ones, as TRL does; NaN without any."""
    known = [(score, weight) for score, weight in zip(scores, weights, strict=True) if not math.isnan(score)]
    return sum(score * weight for score, weight in known) if known else math.nan


def _pairs(prompts: Sequence[str], given: Mapping[str, Any]) -> list[Pair]:
    """Return each prompt with what the data set's other columns say about it: its target, and plain values."""
    count = len(prompts)
    targets = given.get(TARGET) or [""] * count
    others = given.get(OTHERS) or [()] * count
    columns = {
        name: values
        for name, values in given.items()
        if name not in TAKEN and isinstance(values, list) and len(values) == count
    }
    return [
        Pair(
            prompt,
            str(targets[row] or ""),
            tuple(map(str, others[row] or ())),
            tuple((name, values[row]) for name, values in columns.items() if _is_value(values[row])),
        )
        for row, prompt in enumerate(prompts)
    ]


def _is_value(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)
