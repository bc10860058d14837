"""Consent to run Python: asked once per text, remembered by its SHA-256.

An allowed text is kept as a file that its hash names, so the folder shows what was agreed to, and deleting a file
revokes the consent. For a text that the person wrote and trained with, the hash is stored with the name of their file:
a run resumes with it without asking, and uses what they save there. The same text in a recipe or a policy still needs
consent.
Nothing here runs Python.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from pgplay.files.atomic import write_atomically
from pgplay.paths import consents_folder, make_folder
from pgplay.rewards.spec import RewardSpec, digest


def is_allowed(source: str) -> bool:
    """Whether the person allowed exactly this text; a consent file that was changed does not count."""
    try:
        allowed = _text_file(source).read_bytes()
    except OSError:
        return False
    return allowed == source.encode("utf-8", "surrogatepass")


def allow(source: str) -> None:
    """Record that the person has seen and allowed `source`; raises PgplayError if that can't be written."""
    make_folder(consents_folder())
    write_atomically(_text_file(source), source.encode("utf-8", "surrogatepass"))


def recall(spec: RewardSpec) -> RewardSpec:
    """Return `spec` with the recorded consent to exactly its text: allowed, or the person's own."""
    if spec.source is None or spec.may_run:
        return spec
    if spec.kept and spec.source.file in _own_files(spec.code):
        return msgspec.structs.replace(spec, origin=None)
    if is_allowed(spec.code):
        return spec.allowed()
    return spec


def remember_own(spec: RewardSpec) -> None:
    """Record that the person wrote the Python of `spec` in its file; raises PgplayError as `allow` does."""
    if spec.source is None or not spec.is_own:
        return
    files = _own_files(spec.code)
    if spec.source.file not in files:
        make_folder(consents_folder())
        lines = "".join(f"{file}\n" for file in (*files, spec.source.file))
        write_atomically(_files_file(spec.code), lines.encode("utf-8", "surrogateescape"))


def _own_files(source: str) -> list[str]:
    try:
        return _files_file(source).read_bytes().decode("utf-8", "surrogateescape").split("\n")[:-1]
    except OSError:
        return []


def _text_file(source: str) -> Path:
    return consents_folder() / f"{digest(source)}.py"


def _files_file(source: str) -> Path:
    return consents_folder() / f"{digest(source)}.own"
