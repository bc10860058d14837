"""Tasks from other packages: procedural ones of reasoning-gym, and data sets through `datasets`.

`reasoning-gym:NAME[,option=value…]` and `dataset:ORG/NAME[,option=value…]`. Both packages take seconds to load,
so a process of its own (`outside_reader`) reads them once and keeps the pairs as a file in pgplay's data; every other
process reads that file. The setting of a run names it by its SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pgplay.errors import InputError, UnknownName
from pgplay.files.stamp import file_stamp
from pgplay.paths import data_folder, expand_home
from pgplay.tasks.pairs import Columns

GYM_ENTRY = "reasoning_gym"
"""The column with which reasoning-gym finds the entry that a prompt comes from, and scores an answer to it."""

HELD_OUT_MARK = "pgplay_held_out"
"""The column of a kept file that is true for prompts of another seed or split, which are never trained on."""

PIN = "sha256"
"""The option that names the exact pairs."""

DIGITS = 16
"""Hexadecimal digits of a pin."""


class OutsideSource(NamedTuple):
    """A package that has tasks: its name for pip, the options that pgplay reads, and whether a task has others."""

    package: str
    options: tuple[str, ...]
    takes_others: bool


SOURCES = {
    "reasoning-gym": OutsideSource("reasoning-gym", ("count", "seed", PIN), takes_others=True),
    "dataset": OutsideSource(
        "datasets",
        ("prompt", "target", "split", "held_out_split", "config", "revision", "count", PIN),
        takes_others=False,
    ),
}
"""The sources by what a task begins with."""

MOST_PROMPTS = 100_000


class OutsideTask(NamedTuple):
    """A task of another package as written: its source, its name there, its options, and the SHA-256 of its pairs.

    The hash is a beginning of it, or empty where any pairs will do.
    """

    source: str
    name: str
    options: tuple[tuple[str, str], ...]
    sha256: str

    @property
    def text(self) -> str:
        """The task as a setting, without the hash."""
        return ",".join((f"{self.source}:{self.name}", *(f"{name}={value}" for name, value in self.options)))

    @property
    def columns(self) -> Columns:
        """The columns of the kept file that hold the prompts and the right answers."""
        options = dict(self.options)
        usual = Columns()
        if self.source != "dataset" or not options.keys() & {"prompt", "target"}:
            return usual
        return Columns(options.get("prompt", usual.prompt), (options.get("target", *usual.answers),))

    @property
    def local(self) -> Path | None:
        """The file or folder on this machine that a data set's name means; None where it is a name of the Hub."""
        if self.source != "dataset":
            return None
        path = expand_home(self.name)
        return path.absolute() if path.exists() or self.name.startswith((".", "/", "~")) else None

    @property
    def kept(self) -> Path:
        """The file in pgplay's data that holds its pairs once they have been read."""
        facts: list[object] = [self.text]
        if self.local is not None:  # another file of that name has other pairs
            files = sorted(self.local.rglob("*"))[:_MOST_FILES] if self.local.is_dir() else [self.local]
            facts += [str(self.local), [file_stamp(file) for file in files]]
        key = hashlib.sha256(json.dumps(facts, default=str).encode(errors="surrogatepass")).hexdigest()[:DIGITS]
        slug = re.sub(r"[^\w.-]+", "-", f"{self.source}-{self.name}").strip("-")[-_LONGEST_SLUG:]
        return data_folder() / "tasks" / f"{slug}-{key}.jsonl"

    def pinned(self, sha256: str) -> str:
        """Return the setting that means exactly the pairs with this hash."""
        return f"{self.text},{PIN}={sha256[:DIGITS]}"


_MOST_FILES = 1000
_LONGEST_SLUG = 60


def outside_task(task: str) -> OutsideTask | None:
    """Return the task of another package that a setting names; None for any other task.

    Raises InputError for an option that is unknown, written twice or without a value.
    """
    kind, colon, rest = task.partition(":")
    if not colon or kind not in SOURCES:
        return None
    source = SOURCES[kind]
    name, *parts = (part.strip() for part in rest.split(","))
    options: dict[str, str] = {}
    for part in parts:
        option, equals, value = part.partition("=")
        if not source.takes_others and option not in source.options:
            raise UnknownName("parameter", option, source.options, of=kind, field="task")
        if not equals or not value:
            raise InputError("outside.no_value", field="task", option=option)
        if option in options:
            raise InputError("generator.twice", field="task", task=task, parameter=option)
        options[option] = value
    if not name:
        raise InputError("outside.no_name", field="task", source=kind)
    for option, low, high in (("count", 1, MOST_PROMPTS), ("seed", 0, 2**31 - 1)):
        value = options.get(option, str(low))
        if option in source.options and not (value.isascii() and value.isdecimal() and low <= int(value) <= high):
            raise InputError("generator.number", field="task", name=option, value=value, low=low, high=high)
    sha256 = options.pop(PIN, "").lower()
    if sha256 and not re.fullmatch(r"[0-9a-f]{8,64}", sha256):
        raise InputError("outside.no_hash", field="task", value=sha256)
    return OutsideTask(kind, name, tuple(options.items()), sha256)


def check_pin(task: OutsideTask, sha256: str) -> None:
    """Raise InputError where the pairs that were kept, with this hash, are not those that `task` names."""
    if not sha256.startswith(task.sha256):
        raise InputError("outside.other_pairs", field="task", task=task.text, wanted=task.sha256, found=sha256[:DIGITS])


def not_here(task: OutsideTask) -> InputError:
    """Return the error for a task whose pairs have not been read yet."""
    return InputError("outside.not_here", field="task", task=task.text)


def as_values(options: Mapping[str, str]) -> dict[str, object]:
    """Return the options of a reasoning-gym task as values: numbers, true and false, texts, and lists (a|b)."""

    def read(text: str) -> object:
        try:
            value = json.loads(text)
        except ValueError:
            return text
        return value if isinstance(value, int | float | bool) else text

    return {name: [*map(read, text.split("|"))] if "|" in text else read(text) for name, text in options.items()}
