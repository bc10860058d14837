"""What a config names outside itself, by value: read once by whoever owns the disk, so that checking reads none."""

from __future__ import annotations

from typing import NamedTuple

from pgplay.errors import about
from pgplay.tasks.corpora import read_corpus
from pgplay.tasks.load import PairsFile, read_task
from pgplay.tasks.task import Task


class Inputs(NamedTuple):
    """The texts of a run that are in no setting.

    `task` holds the pairs of the file or the data set that the config names, or a stored run's own task; None for a
    generator and for a single target. `warm_lines` are the lines that a warm start trains on.
    """

    task: PairsFile | Task | None = None
    warm_lines: tuple[str, ...] = ()


def read_inputs(task: str, warm_text: str) -> Inputs:
    """Return what the settings `task` and `warm_text` name; raises InputError with the setting to blame."""
    with about("task"):
        file = read_task(task)
    with about("warm_text"):
        return Inputs(file, read_corpus(warm_text) if warm_text else ())
