"""A reward as a person types it: a formula on one line, or Python; and the files in which their Python is kept."""

from __future__ import annotations

import io
import itertools
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pgplay.errors import PgplayError
from pgplay.files.atomic import write_atomically
from pgplay.paths import make_folder, personal_rewards_folder
from pgplay.rewards.python.source import find_python, read_python, split_python
from pgplay.rewards.spec import RewardSpec, read_spec

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
    def asked(self) -> RewardSpec:
        """The reward that the draft stands for: the person's own words."""
        if self.is_python:
            return read_spec(self.file or new_name(), code=self.text)
        return RewardSpec(" ".join(self.text.split()))


def looks_like_python(text: str) -> bool:
    """Return whether `text` holds a line that begins as one of Python does and none of a formula can."""
    return _PYTHON.search(text) is not None


def draft_of(spec: RewardSpec) -> Draft:
    """Return the draft of a reward: a formula, or Python with the name of its file."""
    return Draft(spec.code, spec.text) if spec.source is not None else Draft(spec.text)


def kept_rewards() -> list[str]:
    """Return the names of the Python files that the person keeps as rewards; each is a spec.

    Where a file of the present folder has the same name, which would mean that one, it is the whole path.
    """
    try:
        kept = sorted(personal_rewards_folder().glob("*.py"))
    except OSError:
        return []
    return [path.name if find_python(path.name) == path else str(path) for path in kept]


def new_name() -> str:
    """Return a file name for new Python that is free, here and among the kept rewards."""
    return next(name for name in _names(_NAME) if not find_python(name).exists())


def keep_imported_source(reward: RewardSpec) -> str:
    """Return a name by which the Python of `reward`, which came with a policy, is found: kept among the rewards.

    It is its own where it holds no Python, or where the file that it names holds that very text. Raises PgplayError
    where the text can't be written.
    """
    spec, source = reward.text, reward.code
    if reward.source is None or _text_of(spec) == source:
        return spec
    file, function = split_python(spec)
    for name in _names(Path(file).stem):
        found = f"{name}:{function}" if function else name
        if not find_python(name).exists():
            write_reward_file(read_spec(found, code=source))
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


def write_reward_file(asked: RewardSpec) -> Path | None:
    """Write the text of Python to its file, a new one among the kept rewards; returns where, None for a formula.

    Raises PgplayError where it can't be written.
    """
    if asked.source is None:
        return None
    path = Path(asked.source.file)
    if path.parent == personal_rewards_folder().absolute():
        make_folder(path.parent)
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(asked.code.encode()).readline)
        write_atomically(path.resolve(), asked.code.encode(encoding))  # resolved: a link stays a link
    except (UnicodeEncodeError, SyntaxError) as error:
        raise PgplayError("draft.not_written", reason=str(error)) from error
    return path
