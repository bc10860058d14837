"""Rewards of pgplay with the signature of TRL's reward functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any

from pgplay.rewards.python.scorer import Limits
from pgplay.rewards.reward import start_reward
from pgplay.rewards.spec import read_spec
from pgplay.trackers.metric_names import TRL_PREFIX, name_in_tracker
from pgplay.trl.data_set import pairs_of

_LIMITS = Limits(batch_seconds=600.0)
"""TRL has no time limit, and one slow batch should not end a long training."""

ChatMessage = dict[str, Any]


class TrlReward:
    """A reward of pgplay as TRL calls one: `GRPOTrainer(reward_funcs=pgplay.TrlReward("levenshtein"), …)`.

    `reward` is what the setting takes: a name, a formula, or a Python file. The column `target` of the data set is the
    right answer, `others` lists further ones. `columns` names those columns that a Python reward takes by name, and
    `start` is what stands before each prompt in the data set, which the reward does not get. A completion gets the same
    number as in pgplay.
    """

    def __init__(self, reward: str, columns: Sequence[str] = (), start: str = "") -> None:
        self.__name__ = reward
        self._reward = start_reward(read_spec(reward), print, _LIMITS)
        self._columns = tuple(columns)
        self._start = start

    def __call__(
        self,
        prompts: Sequence[str | Sequence[ChatMessage]],
        completions: Sequence[str | Sequence[ChatMessage]],
        log_metric: Callable[[str, float], object] | None = None,
        **columns: Any,
    ) -> list[float]:
        """Return the rewards of B `completions` of B `prompts`, each a text or a chat's messages.

        The means of the reward's named parts go to `log_metric`. Raises RewardError if the reward fails.
        """
        asked = [text_of_message(prompt).removeprefix(self._start) for prompt in prompts]
        texts = [text_of_message(completion) for completion in completions]
        scores = self._reward.score_pairs(texts, pairs_of(asked, columns, self._columns))
        if log_metric is not None:
            for part, values in scores.parts.items():
                log_metric(name_in_tracker(f"part:{part}").removeprefix(TRL_PREFIX), fmean(values))
        return scores.values


def text_of_message(messages: str | Sequence[ChatMessage]) -> str:
    """Return the text of a prompt or a completion: itself, or that of a chat's last message."""
    if isinstance(messages, str):
        return messages
    return str(messages[-1].get("content") or "") if messages else ""
