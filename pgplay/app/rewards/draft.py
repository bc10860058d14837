"""A typed reward, a formula or Python, and the files that keep a person's Python."""

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
    """Return one number, the higher the better.

    Or several, of which 'score' counts: {"score": 1.0, "a part": 0.5}.
    """
    right = sum(one == other for one, other in zip(text, target))
    return right / max(len(text), len(target), 1)
'''

_PYTHON = re.compile(r"^\s*(def|async|import|from|class|@|#|\"\"\")", re.MULTILINE)
_NAME = "my_reward"


class Draft(NamedTuple):
    """The editor's `text`, and `file`, the spec of its Python file (empty: none yet)."""

    text: str
    file: str = ""

    @property
    def is_python(self) -> bool:
        """Whether the text is Python, not a formula."""
        return looks_like_python(self.text)

    @property
    def spec(self) -> RewardSpec:
        """The draft as a reward, the person's own."""
        if self.is_python:
            return read_spec(self.file or new_name(), code=self.text)
        return RewardSpec(" ".join(self.text.split()))


def looks_like_python(text: str) -> bool:
    """Return whether any line of `text` begins as Python and no formula does."""
    return _PYTHON.search(text) is not None


def draft_of(spec: RewardSpec) -> Draft:
    """Return the draft of a reward: a formula, or Python with the name of its file."""
    return Draft(spec.code, spec.text) if spec.source is not None else Draft(spec.text)


def kept_rewards() -> list[str]:
    """Return the specs of the Python files that the person keeps as rewards.

    A spec is the file's name, or its whole path if a file of the present folder has that name.
    """
    try:
        paths = sorted(personal_rewards_folder().glob("*.py"))
    except OSError:
        return []
    return [path.name if find_python(path.name) == path else str(path) for path in paths]


def new_name() -> str:
    """Return a file name that is free, here and among the kept rewards."""
    return next(name for name in _names(_NAME) if not find_python(name).exists())


def keep_imported_source(reward: RewardSpec) -> str:
    """Keep the Python of `reward`, which came with a policy, among the rewards, and return its spec.

    A formula, or Python whose file holds the same text, keeps its own spec. Raises PgplayError if the text can't be
    written.
    """
    spec, source = reward.text, reward.code
    if reward.source is None or _text_of(spec) == source:
        return spec
    file, function = split_python(spec)
    for name in _names(Path(file).stem):
        candidate = f"{name}:{function}" if function else name
        if not find_python(name).exists():
            write_reward_file(read_spec(candidate, code=source))
        if _text_of(candidate) == source:
            return candidate
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
    """Return the target and some different texts near it, to try a reward on before there are samples."""
    half = len(target) // 2
    texts = [target, target[1:], target[:half], target[half:] + target[:half], target[::-1], target * 2, ""]
    return list(dict.fromkeys(texts))


def write_reward_file(reward: RewardSpec) -> Path | None:
    """Write the Python of `reward` to its file and return the path; None for a formula.

    Raises PgplayError where it can't be written.
    """
    if reward.source is None:
        return None
    path = Path(reward.source.file)
    if path.parent == personal_rewards_folder().absolute():
        make_folder(path.parent)
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(reward.code.encode()).readline)
        write_atomically(path.resolve(), reward.code.encode(encoding))  # resolved, to keep a link
    except (UnicodeEncodeError, SyntaxError) as error:
        raise PgplayError("draft.not_written", reason=str(error)) from error
    return path
