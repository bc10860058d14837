"""From a run's config to its task: a generator, a shipped data set, a person's own file, or a single target."""

from __future__ import annotations

import os
import random
from functools import lru_cache
from pathlib import Path

from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError, about, unknown_name
from pgplay.files.stamp import FileStamp, file_stamp
from pgplay.paths import expand_home
from pgplay.tasks.datasets import shipped_data_sets
from pgplay.tasks.generators import GENERATORS, generate, parse_task
from pgplay.tasks.pairs import PAIR_SUFFIXES, read_pairs
from pgplay.tasks.task import Pair, Task, single_target


def load_task(config: RunConfig) -> Task:
    """Return the task of `config`: its generator, shipped data set or file, or its single target.

    The pairs and the split depend on `config.seed` alone. Raises InputError for an unknown name, an unreadable file,
    and a held-out share that leaves no training or no held-out prompt.
    """
    with about(text_field(config)):
        stamp = file_stamp(expand_home(config.task)) if config.task and _names_a_file(config.task) else None
        return _load(config.task, "" if config.task else config.target, config.held_out, config.seed, stamp)


def text_field(config: RunConfig) -> str:
    """Return the setting that gives the texts to learn: task, or target without one."""
    return "task" if config.task else "target"


@lru_cache(maxsize=2)
def _load(task: str, target: str, held_out: float, seed: int, stamp: FileStamp | None) -> Task:
    """Return the task of these settings; kept until they or the file's `stamp` change."""
    name, pairs = _all_pairs(task, target, seed)
    return Task(name, *_split(pairs, held_out, seed))


def _all_pairs(task: str, target: str, seed: int) -> tuple[str, tuple[Pair, ...]]:
    """Return the name of the task, and all its pairs."""
    if not task:
        return "target", single_target(target).training
    if _names_a_file(task):
        return Path(task).stem, read_pairs(expand_home(task))
    if task in shipped_data_sets():
        return task, read_pairs(shipped_data_sets()[task])
    if task.partition(":")[0] not in GENERATORS:
        raise unknown_name("task", task.partition(":")[0], [*GENERATORS, *shipped_data_sets()])
    return task, generate(parse_task(task), seed)


def _names_a_file(task: str) -> bool:
    path = expand_home(task)
    is_existing_file = os.path.exists(path) and not os.path.isdir(path)  # also a pipe: reading it explains the error
    return path.suffix.lower() in PAIR_SUFFIXES or (":" not in task and bool(path.suffix)) or is_existing_file


def _split(pairs: tuple[Pair, ...], share: float, seed: int) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
    """Split `pairs` into training pairs and a `share` of held-out pairs, both in their original order."""
    if not share:
        return pairs, ()
    if len(pairs) < 2:
        raise InputError(
            "held_out needs at least two prompts, and this task has one.",
            "Choose held_out 0, or a task with prompts.",
            field="held_out",
        )
    count = min(max(1, round(share * len(pairs))), len(pairs) - 1)
    held_out = set(random.Random(f"held out {seed}").sample(range(len(pairs)), count))
    training = tuple(pair for number, pair in enumerate(pairs) if number not in held_out)
    return training, tuple(pairs[number] for number in sorted(held_out))
