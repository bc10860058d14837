"""From a config and the files that it names to its task: pairs from a file or a generator, or a single target."""

from __future__ import annotations

import os
import random
from functools import lru_cache
from pathlib import Path

import msgspec

from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError, UnknownName
from pgplay.files.stamp import FileStamp, file_stamp
from pgplay.paths import expand_home
from pgplay.tasks.datasets import shipped_data_sets
from pgplay.tasks.generators import GENERATORS, generate, parse_task
from pgplay.tasks.outside import GYM_ENTRY, OutsideTask, outside_task
from pgplay.tasks.outside_pairs import read_kept
from pgplay.tasks.pairs import PAIR_SUFFIXES, Columns, read_pairs, split_columns
from pgplay.tasks.task import Pair, Task, single_target


class PairsFile(msgspec.Struct, frozen=True, eq=False):
    """All pairs of a person's file or of a shipped data set, by value.

    Equal only to itself, so that the task made of it can be kept without comparing a hundred thousand pairs.
    """

    name: str
    pairs: tuple[Pair, ...]
    held_out: tuple[Pair, ...] = ()
    """Pairs of another seed or split, from which held-out prompts are taken; without any they are split off `pairs`."""
    setting: str = ""
    """The setting that means exactly these pairs, for those of another package."""


def read_task(task: str) -> PairsFile | None:
    """Return the pairs of the file or the data set that `task` names; None for a generator, and without a task.

    Kept until the file changes. Raises InputError for an unknown name, for an unreadable file, and for the task of
    another package that has not been read yet.
    """
    outside = outside_task(task)
    if outside is not None:
        return _read_outside(outside, file_stamp(outside.kept))
    name, columns = split_columns(task)
    path = _file_of(name) if name else None
    return None if path is None else _read(path, columns, file_stamp(path))


def task_file(task: str) -> Path:
    """Return the file that `task` would be read from, whether or not there is one; raises InputError."""
    outside = outside_task(task)
    return expand_home(split_columns(task)[0]) if outside is None else outside.kept


def has_own_scoring(task: Task) -> bool:
    """Return whether `task` brings its own scoring along."""
    return any(name == GYM_ENTRY for name, _ in task.training[0].columns)


def own_task_file(task: str) -> tuple[Path, str] | None:
    """Return the person's file that `task` names, and the rest of it, which names columns; None if it names none.

    Raises InputError for an unknown name.
    """
    name = split_columns(task)[0]
    path = _file_of(name) if name and outside_task(task) is None else None
    return None if path is None or name in shipped_data_sets() else (path, task.removeprefix(name))


def _file_of(task: str) -> Path | None:
    path = expand_home(task)
    is_existing_file = os.path.exists(path) and not os.path.isdir(path)  # also a pipe: reading it explains the error
    if path.suffix.lower() in PAIR_SUFFIXES or (":" not in task and path.suffix) or is_existing_file:
        return path
    data_sets = shipped_data_sets()
    generator = task.partition(":")[0]
    if task not in data_sets and generator not in GENERATORS:
        raise UnknownName("task", generator, [*GENERATORS, *data_sets], field="task")
    return data_sets.get(task)


@lru_cache(maxsize=2)
def _read(path: Path, columns: Columns, stamp: FileStamp | None) -> PairsFile:
    return PairsFile(path.stem, read_pairs(path, columns))


@lru_cache(maxsize=2)
def _read_outside(task: OutsideTask, stamp: FileStamp | None) -> PairsFile:
    kept = read_kept(task)
    return PairsFile(task.name, kept.pairs, kept.held_out, task.pinned(kept.sha256))


def make_task(config: RunConfig, file: PairsFile | None) -> Task:
    """Return the task of `config`: the pairs of its `file`, of its generator, or its single target.

    The pairs and the split depend on `config.seed` alone. Raises InputError for a generator that cannot do what is
    asked, for a held-out share that leaves no training or no held-out prompt, and for a number of prompts without a
    task.
    """
    return _make(config.task, "" if config.task else config.target, config.held_out, config.prompts, config.seed, file)


@lru_cache(maxsize=2)
def _make(task: str, target: str, held_out: float, prompts: int, seed: int, file: PairsFile | None) -> Task:
    """Return the task of these settings; kept until they or the file change."""
    if not task:
        if prompts:
            raise InputError("task.prompts_of_one_text", field="prompts")
        return Task("target", *_split(single_target(target).training, held_out, seed))
    name, pairs = (file.name, file.pairs) if file is not None else (task, generate(parse_task(task), seed))
    training, left_out = _split(pairs, held_out, seed)
    if file is not None and file.held_out and held_out:
        training, left_out = pairs, file.held_out[: max(1, round(held_out * len(pairs)))]
    return Task(name, training[: prompts or None], left_out, training[prompts:] if prompts else ())


def text_field(config: RunConfig) -> str:
    """Return the setting that gives the texts to learn: task, or target without one."""
    return "task" if config.task else "target"


def _split(pairs: tuple[Pair, ...], share: float, seed: int) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
    """Split `pairs` into training pairs and a `share` of held-out pairs, both in their original order."""
    if not share:
        return pairs, ()
    if len(pairs) < 2:
        raise InputError("task.single_prompt", field="held_out")
    count = min(max(1, round(share * len(pairs))), len(pairs) - 1)
    held_out = set(random.Random(f"held out {seed}").sample(range(len(pairs)), count))
    training = tuple(pair for number, pair in enumerate(pairs) if number not in held_out)
    return training, tuple(pairs[number] for number in sorted(held_out))
