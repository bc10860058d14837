"""A reward as somebody wrote it, read once, with where it came from and whether its Python may run.

Reading a spec never runs anything. From here on the text that was read is what is shown, asked for and run: no one
reads the file again in its name. `scoring.build_reward` starts only what `may_run`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Self

import msgspec

from pgplay.errors import InputError
from pgplay.rewards.formula import parse_formula
from pgplay.rewards.python.source import PythonSource, is_python, place_of, read_python, split_python

OWN = ""
"""The origin of what the person wrote: typed in this session, or named on this command line."""


def digest(code: str) -> str:
    """Return the SHA-256 of `code` in UTF-8, in hexadecimal."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


class RewardSpec(msgspec.Struct, frozen=True):
    """What to score by: the `text` as it was written, and the Python `source` where it names a file.

    `origin` says in words who brought it ("the preset haiku"); OWN stands for the person. `agreed` is the SHA-256 of
    the Python that the person was shown and allowed; it counts for that text alone. `kept` tells that pgplay kept it
    for going on, with a run or as the last session: what the person wrote then is theirs still.
    """

    text: str
    source: PythonSource | None = None
    origin: str = OWN
    agreed: str = ""
    kept: bool = False

    @property
    def code(self) -> str:
        """The text of its Python, empty where it is none."""
        return self.source.text if self.source is not None else ""

    @property
    def sha256(self) -> str:
        """The SHA-256 of its Python."""
        return digest(self.code)

    @property
    def is_own(self) -> bool:
        """Whether the person wrote it."""
        return self.origin == OWN

    @property
    def may_run(self) -> bool:
        """Whether it holds no Python, or Python that is the person's own or was allowed."""
        return self.source is None or self.is_own or self.agreed == self.sha256

    def allowed(self) -> Self:
        """Return it with the person's yes to the Python that it holds."""
        return msgspec.structs.replace(self, agreed=self.sha256)

    def read(self) -> Self:
        """Return it with the Python that its file holds now; raises InputError where that cannot be read."""
        return msgspec.structs.replace(self, source=read_python(self.text)) if is_python(self.text) else self

    def checked(self) -> Self:
        """Return it where it holds Python or is a formula; raises InputError where it is none."""
        if self.source is None:
            parse_formula(self.text)
        return self

    def with_code(self, code: str) -> Self:
        """Return it with other Python in the place of its own; a yes to the old text does not count for it."""
        assert self.source is not None
        return msgspec.structs.replace(self, source=self.source._replace(text=code))


class UnaskedError(InputError):
    """Python that is not the person's own was about to run, and nobody has allowed it."""

    def __init__(self, spec: RewardSpec) -> None:
        whose = f"The reward of {spec.origin}" if spec.origin else f"The reward {spec.text}"
        super().__init__(f"{whose} is Python that was not allowed to run.", "Read it and allow it, or give another.")
        self.spec = spec


def read_spec(text: str, origin: str = OWN, code: str = "", file: str = "") -> RewardSpec:
    """Return the reward that `text` names; `code` is its Python where that came along with it, else its file is read.

    `file` is said to hold the `code`; empty, it is the one that `text` means here. A formula is taken as it is:
    `checked` reads it. Raises InputError where the file cannot be read.
    """
    if not code or not is_python(text):
        return RewardSpec(text, origin=origin).read()
    return RewardSpec(text, PythonSource(file or str(place_of(text)), split_python(text)[1], code), origin)


def resolve(texts: Iterable[str], given: Iterable[RewardSpec] = ()) -> tuple[RewardSpec, ...]:
    """Return the reward that each of `texts` names: the one among `given`, else a formula.

    Raises UnaskedError for Python that nobody has read, and InputError where one is no reward.
    """
    known = {spec.text: spec for spec in given}
    return tuple(known[text] if text in known else _formula(text) for text in texts)


def with_consent(specs: Iterable[RewardSpec], given: Iterable[RewardSpec]) -> tuple[RewardSpec, ...]:
    """Return `specs`, of which each may run: by itself, or as its very text was allowed in one of `given`.

    Raises UnaskedError for another one.
    """
    allowed = {spec.code for spec in given if spec.source is not None and spec.may_run}
    agreed = tuple(spec.allowed() if spec.code in allowed else spec for spec in specs)
    for spec in agreed:
        if not spec.may_run:
            raise UnaskedError(spec)
    return agreed


def _formula(text: str) -> RewardSpec:
    if is_python(text):
        raise UnaskedError(RewardSpec(text))
    return RewardSpec(text).checked()
