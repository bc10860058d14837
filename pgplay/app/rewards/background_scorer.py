"""Scoring for the screens in a thread of its own, so that no key press waits for a reward.

A newer question replaces a waiting one of its kind. A person's Python keeps running between questions, in its own
process (`rewards.python.scorer`).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message
from textual.message_pump import MessagePump

from pgplay.errors import PgplayError
from pgplay.rewards.records import Scores, Triple
from pgplay.rewards.reward import Reward, build_reward
from pgplay.rewards.spec import RewardSpec, read_spec
from pgplay.worker.session.failures import coded_error

MOST_REWARDS = 32
"""Rewards kept ready between questions; beyond them, the least recently used is closed."""


Asked = RewardSpec | str
"""A reward to score with: one that was read, or a typed text."""

ScoresOrError = Scores | PgplayError
"""The scores of all texts, or the error."""


class BackgroundScorer:
    """Scores for one screen, which receives Answered and Printed; closed with the screen."""

    @dataclass
    class Answered(Message):
        """The answer to the newest question of a kind: the outcome of each reward `asked` for `triples`."""

        kind: str
        asked: Sequence[Asked]
        triples: Sequence[Triple]
        outcomes: Sequence[ScoresOrError]

    @dataclass
    class Printed(Message):
        """A line that a person's Python printed."""

        line: str

    def __init__(self, screen: MessagePump) -> None:
        self._screen = screen
        self._changed = threading.Condition()
        self._waiting: dict[str, tuple[Sequence[Asked], Sequence[Triple]]] = {}
        self._closing = False
        self._rewards: dict[Asked, Reward] = {}
        self.thread = threading.Thread(target=self._run, name="lab", daemon=True)
        self.thread.start()

    def ask(self, kind: str, rewards: Sequence[Asked], triples: Sequence[Triple]) -> None:
        """Have `triples` scored by each of `rewards` soon, in place of a waiting question of the same kind."""
        with self._changed:
            self._waiting[kind] = rewards, triples
            self._changed.notify()

    def close(self) -> None:
        """Close all rewards, without waiting for it."""
        with self._changed:
            self._closing = True
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._waiting)
                if self._closing:
                    break
                kind = next(iter(self._waiting))
                rewards, triples = self._waiting.pop(kind)
            outcomes = [self._score(reward, triples) for reward in rewards]
            self._screen.post_message(self.Answered(kind, rewards, triples, outcomes))
        for reward in self._rewards.values():
            reward.close()

    def _score(self, reward: Asked, triples: Sequence[Triple]) -> ScoresOrError:
        try:
            return self._find(reward).score(*zip(*triples, strict=True))
        except PgplayError as error:
            return error
        except Exception as error:  # such as too many processes: reported, and the thread continues
            return coded_error(error)

    def _find(self, spec: Asked) -> Reward:
        reward = self._rewards.pop(spec, None)
        if reward is None:
            reward = build_reward(read_spec(spec) if isinstance(spec, str) else spec, on_log=self._print)
        self._rewards[spec] = reward
        while len(self._rewards) > MOST_REWARDS:
            self._rewards.pop(next(iter(self._rewards))).close()
        return reward

    def _print(self, line: str) -> None:
        self._screen.post_message(self.Printed(line))
