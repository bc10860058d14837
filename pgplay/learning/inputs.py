"""The contents of the files that a config names, read once, so that checking a config reads no disk."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from pgplay.errors import about
from pgplay.model_places import is_pretrained
from pgplay.policies.families.pretrained import PretrainedBase, read_base
from pgplay.tasks.corpora import read_corpus
from pgplay.tasks.load import PairsFile, read_task
from pgplay.tasks.task import Task


class Inputs(NamedTuple):
    """The texts and the model of a run that are in no setting.

    `task` holds the pairs of the file or the data set that the config names, or a stored run's own task; None for a
    generator and for a single target. `warm_lines` are the lines that a warm start trains on. `base` is the pretrained
    model that the config names, if it names one.
    """

    task: PairsFile | Task | None = None
    warm_lines: tuple[str, ...] = ()
    base: PretrainedBase | None = None


class SentTexts(NamedTuple):
    """The texts among a run's inputs, by value: for a machine that has none of the files."""

    task: PairsFile | None
    warm_lines: tuple[str, ...]


class Names(Protocol):
    """The settings that may name a file or a folder; a RunConfig has them."""

    @property
    def task(self) -> str:
        """The task."""

    @property
    def warm_text(self) -> str:
        """The text of a warm start."""

    @property
    def model(self) -> str:
        """The model."""


def read_texts(names: Names) -> SentTexts:
    """Return the texts that the settings `names` refer to; raises InputError with the setting to blame."""
    with about("task"):
        file = read_task(names.task)
    with about("warm_text"):
        return SentTexts(file, read_corpus(names.warm_text) if names.warm_text else ())


def read_inputs(names: Names, sent: SentTexts | None = None) -> Inputs:
    """Return what the settings `names` refer to; texts that were `sent` are not read.

    Raises InputError with the setting to blame.
    """
    texts = sent or read_texts(names)
    with about("model"):
        return Inputs(*texts, read_base(names.model) if is_pretrained(names.model) else None)
