"""A task: prompts and the targets that are to be written for them."""

from __future__ import annotations

import msgspec

from pgplay.errors import InputError


class Pair(msgspec.Struct, frozen=True, omit_defaults=True):
    """A prompt (empty where the task has none) and the text to be written for it.

    `others` are further right answers. The target is empty where nothing is right or wrong and a reward alone says what
    is good; then there are no others.
    """

    prompt: str
    target: str
    others: tuple[str, ...] = ()

    @property
    def answers(self) -> tuple[str, ...]:
        """Every right answer, the target first."""
        return (self.target, *self.others)

    def matches(self, text: str) -> bool:
        """Whether `text` is exactly one of the right answers; never where there is no target."""
        return bool(self.target) and text in self.answers

    def nearest(self, text: str) -> str:
        """Return the right answer that is the fewest edits from `text`, of equal ones the first."""
        if not self.others:
            return self.target
        from Levenshtein import distance

        return min(self.answers, key=lambda answer: distance(text, answer))


class Task(msgspec.Struct, frozen=True):
    """Pairs to train on, and pairs held out of training; either all have a target or none has."""

    name: str
    training: tuple[Pair, ...]
    held_out: tuple[Pair, ...] = ()

    def __post_init__(self) -> None:
        if not self.training:
            raise InputError(f"The task {self.name} has no pairs.", "Give at least one prompt and target.")
        if self.has_targets:
            for pair in self.training:
                if not pair.target:
                    raise InputError(f"The target for the prompt {pair.prompt!r} is empty.", "Give it some text.")

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """All pairs, those to train on first."""
        return self.training + self.held_out

    @property
    def has_prompts(self) -> bool:
        """Whether any pair has a prompt."""
        return any(pair.prompt for pair in self.training)

    @property
    def has_targets(self) -> bool:
        """Whether there is anything to be written exactly; without, a reward alone says what is good."""
        return any(pair.target for pair in self.training)

    def cut(self, most: int) -> Task:
        """Return the task with at most `most` pairs on either side: what is kept beside a policy."""
        return Task(self.name, self.training[:most], self.held_out[:most])


def single_target(target: str) -> Task:
    """Return the task of writing `target`, without a prompt; an empty one leaves it to the reward what is good."""
    return Task("target" if target else "style", (Pair("", target),))
