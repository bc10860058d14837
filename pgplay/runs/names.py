"""Names of runs: generated from date and target; finding a run by name."""

from __future__ import annotations

import unicodedata
from datetime import date
from pathlib import Path

from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError, look_up
from pgplay.files.atomic import kept_folders
from pgplay.files.names import GOOD_CATEGORIES, check_name, same_name
from pgplay.paths import runs_folder, sweeps_folder

_LONGEST_SLUG = 24
_LONGEST = 70


def choose_run_name(config: RunConfig, name: str = "") -> str:
    """Return `name` if a new run may have it, or where it is empty a free one such as 2026-11-24-hello-world-2.

    The caller holds the lock of the folder of runs. Raises InputError for a bad or taken name.
    """
    if name:
        name = check_name("run", name)
        if is_taken(name):
            raise InputError("run.taken", name=name)
        return name
    return free_name(f"{date.today().isoformat()}-{slug(config)}")


def free_name(base: str) -> str:
    """Return `base`, with a number appended if it is taken; the caller holds the folder's lock."""
    names = _taken_names()
    base = base[:_LONGEST]
    name, number = base, 1
    while _is_among(name, names):
        number += 1
        name = f"{base}-{number}"
    return name


def is_taken(name: str) -> bool:
    """Whether a run or a sweep is called `name`."""
    return _is_among(name, _taken_names())


def _taken_names() -> list[str]:
    """Return the names of all runs and sweeps, which one list shows."""
    return [folder.name for parent in (runs_folder(), sweeps_folder()) for folder in kept_folders(parent)]


def _is_among(name: str, names: list[str]) -> bool:
    return any(same_name(name, other) for other in names)


def slug(config: RunConfig) -> str:
    """Return a few words for a run's name, from its task or target."""
    text = Path(config.task.split(":")[0]).stem if config.task else config.target
    start = text[: 4 * _LONGEST_SLUG].lower()
    words = "".join(character if unicodedata.category(character) in GOOD_CATEGORIES else " " for character in start)
    return "-".join(words.split())[:_LONGEST_SLUG].strip("-") or "run"


def find_run(name: str) -> Path:
    """Return the folder of the run called `name`; raises InputError with the nearest name where there is none."""
    return look_up("run", name, {run.name: run for run in kept_folders(runs_folder())})
