"""A reward as a person types it: a formula on one line, or Python; and the files in which their Python is kept."""

from __future__ import annotations

import re
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


def new_name() -> str:
    """Return a file name for new Python that is free, here and among the kept rewards."""
    number = 1
    while True:
        name = f"{_NAME}.py" if number == 1 else f"{_NAME}_{number}.py"
        if not Path(name).exists() and not (personal_rewards_folder() / name).exists():
            return name
        number += 1


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
        write_atomically(path, asked.source.encode())
    except UnicodeEncodeError as error:
        raise PgplayError("The reward holds half a character.", "Type that character anew.") from error
    return path
