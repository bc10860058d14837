"""A Python reward's source: how it is named, found and read. Nothing here runs it."""

from __future__ import annotations

import io
import os
import re
import tokenize
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pgplay.errors import InputError, composed, look_up
from pgplay.files.text import read_bytes
from pgplay.paths import expand_home, personal_rewards_folder

MAXIMUM_SOURCE_BYTES = 1024 * 1024

_SPEC = re.compile(r"(?P<file>.+\.py)(?::(?P<function>[^\"'()]*))?", re.DOTALL)
"""A formula may hold `.py:` too, within the quotation marks and brackets of a reward, which no function's name has."""


class PythonSource(NamedTuple):
    """A person's source: the file's path for messages, the function to call (empty: the usual names), the text."""

    file: str
    function: str
    text: str

    @property
    def name(self) -> str:
        """What is shown: the file without its folder, and the function where one was named."""
        file = os.path.basename(self.file)
        return f"{file}:{self.function}" if self.function else file


def is_python(spec: str) -> bool:
    """Whether `spec` names a Python file."""
    return _SPEC.fullmatch(spec.strip()) is not None


def split_python(spec: str) -> tuple[str, str]:
    """Return the file and the function (empty where none is named) of a Python `spec`; raises InputError."""
    found = _SPEC.fullmatch(spec.strip())
    if found is None:
        raise InputError(f"'{spec}' names no Python file.", "Write my_reward.py or my_reward.py:function.")
    function = found["function"]
    if function is not None and not function.isidentifier():
        raise InputError(f"'{function}' is no name of a function.", f"Write {found['file']}:function.")
    return found["file"], function or ""


def beside(spec: str, folder: Path) -> str:
    """Return `spec` as it is to be read where it stands in a file in `folder`: its Python is looked for there first."""
    if not is_python(spec):
        return spec
    file, function = split_python(spec)
    path = folder / expand_home(file)
    return f"{path.resolve()}{function and ':' + function}" if path.is_file() else spec


def with_rewards_beside(settings: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """Return a preset's `settings`, in which names of Python rewards mean first those that lie beside its `file`."""
    located = dict(settings)
    if "reward" in located:
        located["reward"] = beside(located["reward"], file.parent)
    if "measure" in located:
        located["measure"] = tuple(beside(spec, file.parent) for spec in located["measure"])
    return located


def find_python(spec: str) -> Path:
    """Return the path that a Python `spec` names, whether there is a file or not; raises InputError.

    A bare name that is no file here is one of the rewards that the person keeps, where there is one of that name.
    """
    path = expand_home(split_python(spec)[0])
    if path.name != str(path) or path.exists():
        return path
    kept = {file.name: file for file in personal_rewards_folder().glob("*.py")}
    try:
        return look_up("reward", path.name, kept)
    except InputError:
        return path


def place_of(spec: str) -> Path:
    """Return where the Python of `spec` is, or is to be kept: a bare name of no file, among the kept rewards."""
    path = find_python(spec)
    if not path.exists() and path.name == split_python(spec)[0]:
        path = personal_rewards_folder() / composed(path.name)
    return Path(os.path.abspath(path))


def read_python(spec: str) -> PythonSource:
    """Return the source that `spec` names; raises InputError where its file is missing or no Python text."""
    file, function = split_python(spec)
    path = find_python(spec)
    return PythonSource(os.path.abspath(path), function, read_code(path, file))


def read_code(path: Path, file: str) -> str:
    """Return the Python in the file at `path`, called `file` where it is missing or no text: raises InputError."""
    if not path.exists():
        raise InputError(f"The reward file {file} does not exist.", "Give the path of a Python file.")
    try:
        data = read_bytes(path, MAXIMUM_SOURCE_BYTES)
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding)
    except (UnicodeDecodeError, SyntaxError) as error:  # SyntaxError: an unknown or contradictory coding line
        raise InputError(f"The reward file {file} is not text: {error}.", "Save it as UTF-8.") from error
