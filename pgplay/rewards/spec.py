"""A reward as written, with its origin and whether its Python may run.

Reading a spec never runs anything. The source read here is the one that is shown, agreed to and run; its file is not
read again. `reward.build_reward` starts only specs that `may_run`.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import textwrap
from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple, Self

import msgspec

from pgplay.errors import InputError
from pgplay.locale.catalog import Coded
from pgplay.rewards.formula import parse_formula
from pgplay.rewards.python.source import PythonSource, is_python, place_of, read_python, split_python


class Origin(NamedTuple):
    """Where a reward came from that the person did not write: the kind of place, and its name if it has one."""

    kind: Literal["preset", "recipe", "run", "stored-run", "policy", "session", "named", "sweep"]
    name: str = ""

    @property
    def text(self) -> Coded:
        """What it is called within a sentence, as a text's code with its values."""
        return f"origin.{self.kind}", {"name": self.name}


def digest(code: str) -> str:
    """Return the SHA-256 of `code` in UTF-8, in hexadecimal."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


class RewardSpec(msgspec.Struct, frozen=True):
    """A reward's `text` as written, and its Python `source` if it names a file.

    `origin` is None for the person's own: typed in this session, or named on this command line. `agreed` is the SHA-256
    of the Python that the person read and allowed; it holds for that source only. `kept`: pgplay stored it with a run
    or session to resume, so the person's own Python is still their own.
    """

    text: str
    source: PythonSource | None = None
    origin: Origin | None = None
    agreed: str = ""
    kept: bool = False

    @property
    def code(self) -> str:
        """Its Python source, or empty."""
        return self.source.text if self.source is not None else ""

    @property
    def sha256(self) -> str:
        """The SHA-256 of its Python."""
        return digest(self.code)

    @property
    def hash(self) -> str:
        """The SHA-256 of its Python, or of its formula where it has none: what tells it from an edited one."""
        return digest(self.code or self.text.strip())

    @property
    def is_own(self) -> bool:
        """Whether the person wrote it."""
        return self.origin is None

    @property
    def may_run(self) -> bool:
        """Whether it has no Python, or Python that is the person's own or was allowed."""
        return self.source is None or self.is_own or self.agreed == self.sha256

    def allowed(self) -> Self:
        """Return it with the person's consent to its Python."""
        return msgspec.structs.replace(self, agreed=self.sha256)

    def read(self) -> Self:
        """Return it with the current Python of its file; raises InputError if that cannot be read."""
        return msgspec.structs.replace(self, source=read_python(self.text)) if is_python(self.text) else self

    def checked(self) -> Self:
        """Return it if it has Python or is a formula; raises InputError otherwise."""
        if self.source is None:
            parse_formula(self.text)
        return self

    def with_code(self, code: str) -> Self:
        """Return it with other Python; consent to the old source does not hold for it."""
        assert self.source is not None
        return msgspec.structs.replace(self, source=self.source._replace(text=code))


class FunctionSpec(RewardSpec, frozen=True, kw_only=True):
    """A reward that is a `function` of this process, as in a notebook; `source` is kept with the run, to be read."""

    function: Callable[..., Any]

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Self:
        """Return the spec of `function`, which takes what a file's function does."""
        name = getattr(function, "__name__", "")
        code = _source_of(function, name)
        if not code:
            name, code = "reward", _NO_SOURCE
        file = f"{_SESSION}/{name}.py"
        return cls(f"{file}:{name}", PythonSource(file, name, code), function=function)


    @property
    def has_source(self) -> bool:
        """Whether `source` defines the function, so that another process could run it."""
        return self.code != _NO_SOURCE


_NO_SOURCE = "# This reward was a function of a Python session, whose source is not known.\n"
_SESSION = "python-session"
"""The folder that the names of functions' sources begin with; there is none."""


def _source_of(function: Callable[..., Any], name: str) -> str:
    """Return the source that defines `function` as `name`; empty where Python doesn't know it, and for a lambda."""
    try:
        code = textwrap.dedent(inspect.getsource(function))
        (defined,) = ast.parse(code).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return ""
    return code if isinstance(defined, ast.FunctionDef) and defined.name == name else ""


class UnaskedError(InputError):
    """Python that is not the person's own was about to run without consent."""

    def __init__(self, spec: RewardSpec) -> None:
        if spec.origin is None:
            super().__init__("reward.unasked", reward=spec.text)
        else:
            super().__init__("reward.unasked_of", origin=spec.origin.text)
        self.spec = spec


def read_spec(text: str, origin: Origin | None = None, code: str = "", file: str = "") -> RewardSpec:
    """Return the reward that `text` names; `code` is its Python, if given, else its file is read.

    `file` is the name shown for `code`; by default the file that `text` means here. A formula is not parsed (see
    `checked`). Raises InputError if the file cannot be read.
    """
    if not code or not is_python(text):
        return RewardSpec(text, origin=origin).read()
    return RewardSpec(text, PythonSource(file or str(place_of(text)), split_python(text)[1], code), origin)


def resolve(texts: Iterable[str], given: Iterable[RewardSpec] = ()) -> tuple[RewardSpec, ...]:
    """Return the reward that each of `texts` names: the one among `given`, else a formula.

    Raises UnaskedError for Python that is not among `given`, and InputError for a text that is not a reward.
    """
    specs_by_text = {spec.text: spec for spec in given}
    return tuple(specs_by_text[text] if text in specs_by_text else _formula(text) for text in texts)


def with_consent(specs: Iterable[RewardSpec], given: Iterable[RewardSpec]) -> tuple[RewardSpec, ...]:
    """Return `specs` with consent: each may run by itself, or its source was allowed in one of `given`.

    Raises UnaskedError for any other.
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
