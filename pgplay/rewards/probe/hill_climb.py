"""Hill climbing over texts: single edits that raise the reward, until there is none."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from random import Random
from typing import Literal

import msgspec

from pgplay.rewards.edits import random_edit, single_edits
from pgplay.rewards.records import Triple
from pgplay.rewards.reward import Reward
from pgplay.tasks.task import Pair

SAME = 1e-9
"""Rewards that differ by less count as equal."""

_BATCH = 64
_GLANCES = 16
"""Batches of random edits to try before trying all edits; most steps of a climb need no more."""

ClimbEnding = Literal["peak", "plateau", "unfinished"]
"""How a climb ended. peak: every single edit lowers the reward; plateau: none raises it, some keep it; unfinished: it
was cut short."""


class Climb(msgspec.Struct, frozen=True, kw_only=True):
    """A climb from `start` by single edits that raise the reward to `text`, where none does.

    Of its `neighbours`, the texts one edit away, `equal` have the same reward; both are 0 for an unfinished climb.
    `target_reward` is the target's reward, None if the reward needs no target.
    """

    prompt: str
    target: str
    target_reward: float | None
    start: str
    start_reward: float
    text: str
    reward: float
    ending: ClimbEnding
    neighbours: int = 0
    equal: int = 0


def _pair(triple: Triple) -> Pair:
    return Pair(triple.prompt, triple.target, columns=triple.columns)


class Meter:
    """Scores texts in batches no larger than in training, with their number and time.

    `pairs` are those with further right answers; as in training, the one with the highest reward counts.
    """

    def __init__(self, reward: Reward, pairs: Sequence[Pair] = ()) -> None:
        self._reward = reward
        self._pairs = {(pair.target, pair.prompt): pair for pair in pairs}
        self.scored = 0
        self.seconds = 0.0

    def score(self, triples: Sequence[Triple]) -> list[float]:
        """Return a reward for each of `triples`; raises RewardError."""
        values: list[float] = []
        for first in range(0, len(triples), _BATCH):
            batch = triples[first : first + _BATCH]
            pairs = [self._pairs.get((triple.target, triple.prompt)) or _pair(triple) for triple in batch]
            began = time.perf_counter()
            values += self._reward.score_pairs([triple.text for triple in batch], pairs).values
            self.seconds += time.perf_counter() - began
            self.scored += len(set(batch))
        return values

    @property
    def microseconds(self) -> float:
        """Mean seconds per distinct text so far."""
        return 1e6 * self.seconds / max(1, self.scored)


def climb(
    meter: Meter,
    start: Triple,
    alphabet: str,
    max_length: int,
    *,
    needs_target: bool,
    most_scores: int,
    random: Random,
) -> Climb:
    """Climb from `start` by edits with `alphabet`, to texts of at most `max_length` characters.

    It is unfinished after about `most_scores` rewards. Raises RewardError.
    """
    limit = meter.scored + most_scores
    value, goal = meter.score([start, start._replace(text=start.target)] if needs_target else [start, start])
    unfinished = Climb(
        prompt=start.prompt,
        target=start.target,
        target_reward=goal if needs_target else None,
        start=start.text,
        start_reward=value,
        text=start.text,
        reward=value,
        ending="unfinished",
    )

    def best(texts: Iterable[str]) -> tuple[float, str, list[float]]:
        listed = list(texts)
        values = meter.score([start._replace(text=text) for text in listed])
        highest = max(range(len(values)), key=values.__getitem__)
        return values[highest], listed[highest], values

    text = start.text
    while meter.scored < limit:
        for _ in range(min(_GLANCES, 1 + len(text) * len(alphabet) // _BATCH)):
            higher, candidate, _ = best(random_edit(text, alphabet, max_length, random) for _ in range(_BATCH))
            if higher > value + SAME:
                break
        else:
            everything = single_edits(text, alphabet, max_length)
            if meter.scored + len(everything) > limit:
                break
            higher, candidate, values = best(everything)
            if higher <= value + SAME:
                equal = sum(edited_value >= value - SAME for edited_value in values)
                ending: ClimbEnding = "plateau" if equal else "peak"
                return msgspec.structs.replace(
                    unfinished, text=text, reward=value, ending=ending, neighbours=len(values), equal=equal
                )
        text, value = candidate, higher
    return msgspec.structs.replace(unfinished, text=text, reward=value)
