"""A task: prompts and their targets."""

from __future__ import annotations

from functools import cached_property

import msgspec

from pgplay.errors import InputError

ColumnValues = tuple[tuple[str, str | int | float | bool | None], ...]
"""What the further columns of a file say about one prompt, by name."""


class Pair(msgspec.Struct, frozen=True, omit_defaults=True):
    """A prompt (empty if the task has none) and its target.

    `others` are further right answers. The target is empty if the task has no right answers, only a reward; then there
    are no others.
    """

    prompt: str
    target: str
    others: tuple[str, ...] = ()
    columns: ColumnValues = ()

    @property
    def answers(self) -> tuple[str, ...]:
        """Every right answer, the target first."""
        return (self.target, *self.others)

    def matches(self, text: str) -> bool:
        """Whether `text` is exactly one of the right answers; False without a target."""
        return bool(self.target) and text in self.answers

    def nearest(self, text: str) -> str:
        """Return the right answer with the fewest edits from `text`, the first of equal ones."""
        if not self.others:
            return self.target
        from Levenshtein import distance

        return min(self.answers, key=lambda answer: distance(text, answer))


class Task(msgspec.Struct, frozen=True, dict=True):
    """Pairs to train on, and pairs held out of training; either all or none have a target.

    `unused` pairs are neither: they are left out by the setting `prompts`, and still count for the alphabet and the
    lengths, so that a run on fewer prompts has the same network. What holds for all pairs is computed once: a set may
    have a hundred thousand.
    """

    name: str
    training: tuple[Pair, ...]
    held_out: tuple[Pair, ...] = ()
    unused: tuple[Pair, ...] = ()

    def __post_init__(self) -> None:
        if not self.training:
            raise InputError("task.no_pairs", field="task", name=self.name)
        if self.has_targets:
            for pair in self.training:
                if not pair.target:
                    raise InputError("task.empty_target", field="task", prompt=pair.prompt)

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """All pairs, the training pairs first."""
        return self.training + self.held_out + self.unused

    @cached_property
    def has_prompts(self) -> bool:
        """Whether any pair has a prompt."""
        return any(pair.prompt for pair in self.training)

    @cached_property
    def has_targets(self) -> bool:
        """Whether there are targets; without them only the reward judges a completion."""
        return any(pair.target for pair in self.training)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Every prompt and every right answer."""
        return tuple(text for pair in self.pairs for text in (pair.prompt, *pair.answers))

    def cut(self, most: int) -> Task:
        """Return the task with at most `most` training and `most` held-out pairs."""
        return Task(self.name, self.training[:most], self.held_out[:most])


def single_target(target: str) -> Task:
    """Return the task of writing `target`, without a prompt; with an empty one only the reward counts."""
    return Task("target" if target else "style", (Pair("", target),))
