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
    """Python source: the file's path for messages, the function to call (empty: the usual names), and the text."""

    file: str
    function: str
    text: str

    @property
    def name(self) -> str:
        """Its display name: the file without its folder, and the function if named."""
        file = os.path.basename(self.file)
        return f"{file}:{self.function}" if self.function else file


def is_python(spec: str) -> bool:
    """Whether `spec` names a Python file."""
    return _SPEC.fullmatch(spec.strip()) is not None


def split_python(spec: str) -> tuple[str, str]:
    """Return the file and the function (empty if not named) of a Python `spec`; raises InputError."""
    match = _SPEC.fullmatch(spec.strip())
    if match is None:
        raise InputError("python.no_file", spec=spec)
    function = match["function"]
    if function is not None and not function.isidentifier():
        raise InputError("python.no_function_name", function=function, file=match["file"])
    return match["file"], function or ""


def beside(spec: str, folder: Path) -> str:
    """Return `spec` from a file in `folder`: its Python is searched there first."""
    if not is_python(spec):
        return spec
    file, function = split_python(spec)
    path = folder / expand_home(file)
    return f"{path.resolve()}{function and ':' + function}" if path.is_file() else spec


def with_rewards_beside(settings: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """Return a preset's `settings`, with Python rewards searched first next to its `file`."""
    located = dict(settings)
    if "reward" in located:
        located["reward"] = beside(located["reward"], file.parent)
    if "measure" in located:
        located["measure"] = tuple(beside(spec, file.parent) for spec in located["measure"])
    return located


def find_python(spec: str) -> Path:
    """Return the path of a Python `spec`, whether it exists or not; raises InputError.

    A bare name without a file here means the stored reward of that name, if there is one.
    """
    path = expand_home(split_python(spec)[0])
    if path.name != str(path) or path.exists():
        return path
    files = {file.name: file for file in personal_rewards_folder().glob("*.py")}
    try:
        return look_up("reward", path.name, files)
    except InputError:
        return path


def place_of(spec: str) -> Path:
    """Return the path of the Python of `spec`; a bare name without a file is among the stored rewards."""
    path = find_python(spec)
    if not path.exists() and path.name == split_python(spec)[0]:
        path = personal_rewards_folder() / composed(path.name)
    return Path(os.path.abspath(path))


def read_python(spec: str) -> PythonSource:
    """Return the source of `spec`; raises InputError if its file is missing or not Python text."""
    file, function = split_python(spec)
    path = find_python(spec)
    return PythonSource(os.path.abspath(path), function, read_code(path, file))


def read_code(path: Path, file: str) -> str:
    """Return the Python in the file at `path`; raises InputError, which calls it `file`, if missing or not text."""
    if not path.exists():
        raise InputError("python.missing", file=file)
    try:
        data = read_bytes(path, MAXIMUM_SOURCE_BYTES)
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding)
    except (UnicodeDecodeError, SyntaxError) as error:  # SyntaxError: an unknown or contradictory coding line
        raise InputError("python.no_text", file=file, reason=str(error)) from error
