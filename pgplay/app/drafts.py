"""A reward as a person types it: a formula on one line, or Python; and the files in which their Python is kept."""

from __future__ import annotations

import io
import itertools
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pgplay.app.lab import Asked
from pgplay.errors import PgplayError
from pgplay.paths import make_folder, personal_rewards_folder
from pgplay.rewards.python_reward import find_python, is_python, read_python, split_python
from pgplay.runs.files import write_atomically

TEMPLATE = '''def reward(text, target, prompt):
    """Return one number, the higher the better, or {"score": number, "a part": number}."""
    right = sum(one == other for one, other in zip(text, target))
    return right / max(len(text), len(target), 1)
'''

_PYTHON = re.compile(r"^\s*(def|async|import|from|class|@|#|\"\"\")", re.MULTILINE)
_NAME = "my_reward"


class Draft(NamedTuple):
    """What stands in the editor: `text`, and `file`, the spec of the Python file it belongs to (empty: none yet)."""

    text: str
    file: str = ""

    @property
    def is_python(self) -> bool:
        """Whether the text is Python, which defines something, and no formula."""
        return looks_like_python(self.text)

    @property
    def asked(self) -> Asked:
        """The reward that the draft stands for."""
        if self.is_python:
            return Asked(self.file or new_name(), self.text)
        return Asked(" ".join(self.text.split()))


def looks_like_python(text: str) -> bool:
    """Return whether `text` holds a line that begins as one of Python does and none of a formula can."""
    return _PYTHON.search(text) is not None


def draft_of(spec: str, source: str = "") -> Draft:
    """Return the draft of a reward: a formula, or the `source` of Python (empty: that of its file).

    Raises InputError where the file cannot be read.
    """
    if is_python(spec):
        return Draft(source or read_python(spec).text, spec)
    return Draft(spec)


def kept_rewards() -> list[str]:
    """Return the names of the Python files that the person keeps as rewards; each is a spec."""
    try:
        return sorted(path.name for path in personal_rewards_folder().glob("*.py"))
    except OSError:
        return []


def new_name() -> str:
    """Return a file name for new Python that is free, here and among the kept rewards."""
    return next(name for name in _names(_NAME) if not find_python(name).exists())


def adopt(spec: str, source: str) -> str:
    """Return a spec by which `source`, that came with a policy under `spec`, is found: kept among the rewards.

    Where the file that `spec` names holds that very text, it is `spec` itself. Raises PgplayError where the text can't
    be written.
    """
    if _text_of(spec) == source:
        return spec
    file, function = split_python(spec)
    for name in _names(Path(file).stem):
        found = f"{name}:{function}" if function else name
        if not find_python(name).exists():
            keep(Asked(found, source))
        if _text_of(found) == source:
            return found
    raise AssertionError("there is always a next name")


def _names(stem: str) -> Iterator[str]:
    yield f"{stem}.py"
    for number in itertools.count(2):
        yield f"{stem}_{number}.py"


def _text_of(spec: str) -> str | None:
    try:
        return read_python(spec).text
    except PgplayError:
        return None


def near(target: str) -> list[str]:
    """Return the target and some texts near it, each once: what a reward may be tried on before there are samples."""
    half = len(target) // 2
    texts = [target, target[1:], target[:half], target[half:] + target[:half], target[::-1], target * 2, ""]
    return list(dict.fromkeys(texts))


def keep(asked: Asked) -> Path | None:
    """Write the text of Python to its file, a new one among the kept rewards; returns where, None for a formula.

    Raises PgplayError where it can't be written.
    """
    if not asked.source:
        return None
    path = find_python(asked.spec)
    if not path.exists() and path.name == split_python(asked.spec)[0]:
        path = make_folder(personal_rewards_folder()) / path.name
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(asked.source.encode()).readline)
        write_atomically(path.resolve(), asked.source.encode(encoding))  # resolved: a link stays a link
    except (UnicodeEncodeError, SyntaxError) as error:
        raise PgplayError(f"The reward cannot be written: {error}.", "Mend it, or its coding line.") from error
    return path
