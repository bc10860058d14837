"""Scoring for the screens, in a thread of its own: no key press waits for a reward, however slow that is.

Of each kind of question the newest counts: it takes the place of one that still waits. A person's Python stays started
between questions, in its own process as ever (`rewards.python_reward`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from textual.message import Message
from textual.message_pump import MessagePump

from pgplay.errors import PgplayError
from pgplay.rewards.records import Scores, Triple
from pgplay.rewards.scoring import Reward, build_reward

MOST_REWARDS = 32
"""So many rewards stay ready between questions; beyond them, the one that was not used for longest is let go."""


class Asked(NamedTuple):
    """A reward to score by; `source` is the text of a Python one where its file does not count."""

    spec: str
    source: str = ""


Outcome = Scores | PgplayError
"""The scores of all texts, or why there are none."""

Find = Callable[[Asked], Reward]
Work = Callable[[Find], object]
"""What the thread does: it takes a function that finds rewards, and what it returns is the answer."""


class Lab:
    """Works for one screen, which gets Answered and Printed; `close` it with the screen."""

    @dataclass
    class Answered(Message):
        """The answer to the newest question of this kind: what its work returned, or the error it raised."""

        kind: str
        answer: object

    @dataclass
    class Printed(Message):
        """A line that a person's Python printed."""

        line: str

    def __init__(self, screen: MessagePump) -> None:
        self._screen = screen
        self._changed = threading.Condition()
        self._waiting: dict[str, Work] = {}
        self._closing = False
        self._rewards: dict[Asked, Reward] = {}
        threading.Thread(target=self._run, name="lab", daemon=True).start()

    def ask(self, kind: str, work: Work) -> None:
        """Have `work` done soon; it replaces what waits of the same kind."""
        with self._changed:
            self._waiting[kind] = work
            self._changed.notify()

    def close(self) -> None:
        """Let go of all rewards, without waiting for it."""
        with self._changed:
            self._closing = True
            self._changed.notify()

    def _next(self) -> tuple[str, Work] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._waiting)
            if self._closing:
                return None
            kind = next(iter(self._waiting))
            return kind, self._waiting.pop(kind)

    def _run(self) -> None:
        while (job := self._next()) is not None:
            kind, work = job
            answer: object
            try:
                answer = work(self._find)
            except PgplayError as error:
                answer = error
            self._screen.post_message(self.Answered(kind, answer))
        for reward in self._rewards.values():
            reward.close()

    def _find(self, asked: Asked) -> Reward:
        reward = self._rewards.pop(asked, None)
        if reward is None:
            reward = build_reward(asked.spec, source=asked.source or None, on_log=self._print)
        self._rewards[asked] = reward
        while len(self._rewards) > MOST_REWARDS:
            self._rewards.pop(next(iter(self._rewards))).close()
        return reward

    def _print(self, line: str) -> None:
        self._screen.post_message(self.Printed(line))


def scoring(rewards: Sequence[Asked], triples: Sequence[Triple]) -> Work:
    """Return the work of scoring `triples` by each of `rewards`; its answer is an Outcome for each."""

    def outcome(find: Find, asked: Asked) -> Outcome:
        try:
            return find(asked).score(*zip(*triples, strict=True)) if triples else Scores([], {})
        except PgplayError as error:
            return error

    return lambda find: [outcome(find, asked) for asked in rewards]
