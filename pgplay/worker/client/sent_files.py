"""Files that travel by value to another machine: which ones a run's settings name, and where they are there."""

from __future__ import annotations

import hashlib
import io
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pgplay.files.text import read_bytes
from pgplay.rewards.spec import RewardSpec
from pgplay.tasks.corpora import CORPUS_LIMIT, own_corpus_file
from pgplay.tasks.load import own_task_file
from pgplay.tasks.pairs import PAIRS_LIMIT
from pgplay.worker.protocol.codec import in_parts
from pgplay.worker.protocol.commands import SENT, SendFile

_LARGEST = 1024**3  # bytes; the policy of the largest model made here has a third of that


class NamedFile(NamedTuple):
    """A file by value."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """The hash of its content."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def far_path(self) -> str:
        """Its path on the far side, in a job's words."""
        return f"{SENT}/{self.sha256}/{self.name}"

    def parts(self) -> Iterator[SendFile]:
        """Yield the commands that send it."""
        for data, last in in_parts(self.content):
            yield SendFile(sha256=self.sha256, name=self.name, data=data, last=last)


class FarSettings(NamedTuple):
    """Settings that hold on the far side, and the files that they name there."""

    settings: dict[str, Any]
    files: tuple[NamedFile, ...]


def with_files(settings: Mapping[str, Any], rewards: Iterable[RewardSpec]) -> FarSettings:
    """Return `settings` with the place on the far side of each file that they name here, and these files.

    `rewards` are the reward and the measures among them, as they were read and agreed to. Raises InputError for a file
    that cannot be read.
    """
    far, files = dict(settings), []

    def send(file: NamedFile) -> str:
        files.append(file)
        return file.far_path

    by_text = {spec.text: _far_reward(spec, send) for spec in rewards}
    if "reward" in far:
        far["reward"] = by_text[far["reward"]]
    if "measure" in far:
        far["measure"] = tuple(by_text[text] for text in far["measure"])
    if task := own_task_file(far.get("task", "")):
        path, columns = task
        far["task"] = send(named_file(path, PAIRS_LIMIT)) + columns
    if (name := far.get("warm_text", "")) and (text := own_corpus_file(name)):
        far["warm_text"] = send(named_file(text, CORPUS_LIMIT))
    return FarSettings(far, tuple(files))


def named_file(path: Path, limit: int = _LARGEST) -> NamedFile:
    """Return the file at `path`; raises InputError if it cannot be read or is larger than `limit` bytes."""
    return NamedFile(path.name, read_bytes(path, limit))


def _far_reward(spec: RewardSpec, send: Callable[[NamedFile], str]) -> str:
    """Return the reward's text on the far side; the Python that is sent is the one that was read and agreed to."""
    if spec.source is None:
        return spec.text
    code = spec.source.text
    encoding, _ = tokenize.detect_encoding(io.BytesIO(code.encode("utf-8", "surrogatepass")).readline)
    far_path = send(NamedFile(Path(spec.source.file).name, code.encode(encoding)))
    return f"{far_path}:{spec.source.function}" if spec.source.function else far_path
