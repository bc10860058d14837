"""A task: prompts and the targets that are to be written for them."""

from __future__ import annotations

import msgspec

from pgplay.errors import InputError


class Pair(msgspec.Struct, frozen=True):
    """A prompt (empty where the task has none) and the text to be written for it."""

    prompt: str
    target: str


class Task(msgspec.Struct, frozen=True):
    """Pairs to train on, and pairs held out of training."""

    name: str
    training: tuple[Pair, ...]
    held_out: tuple[Pair, ...] = ()

    def __post_init__(self) -> None:
        if not self.training:
            raise InputError(f"The task {self.name} has no pairs.", "Give at least one prompt and target.")
        for pair in self.training:
            if not pair.target:
                raise InputError(f"The target for the prompt {pair.prompt!r} is empty.", "Give it some text.")

    @property
    def has_prompts(self) -> bool:
        """Whether any pair has a prompt."""
        return any(pair.prompt for pair in self.training)


def single_target(target: str) -> Task:
    """Return the task of writing `target`, without a prompt; raises InputError where it is empty."""
    if not target:
        raise InputError("The target is empty.", "Give at least one character to learn.")
    return Task("target", (Pair("", target),))
