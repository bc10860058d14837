"""Errors for the person: the problem and its remedy.

Every error that pgplay raises on purpose is a `PgplayError`: a code with its values, which `locale` turns into words.
The command line prints it as one or two plain lines and exits with its `exit_status`; the app shows it as a card.
Anything else that escapes is a defect.
"""

import errno
import math
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any, TypeVar

from pgplay.locale.catalog import UNKNOWN_NAME, Coded, error_problem, error_remedy, error_text

Known = TypeVar("Known")


class PgplayError(Exception):
    """The run failed.

    `code` names what was wrong, such as `run.no_checkpoint`; its `values` are plain: numbers, text, lists of them, and
    other errors as their own code and values. A path counts as text, and so do infinity and NaN.
    """

    exit_status = 1

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.values = coded(code, **values)[1]

    @property
    def reason(self) -> Coded:
        """What was wrong, as a text's code with its values."""
        return error_text(self.code, self.values)

    @property
    def problem(self) -> str:
        """The problem, in a sentence."""
        return error_problem(self.code, self.values)

    @property
    def remedy(self) -> str:
        """The remedy; empty if there is none."""
        return error_remedy(self.code, self.values)

    def __str__(self) -> str:
        problem, remedy = self.problem, self.remedy
        return f"{problem}\n{remedy}" if remedy else problem


def coded(code: str, **values: Any) -> Coded:
    """Return the `code` of a text with its values as the worker's protocol can carry them."""
    return code, {name: plain_value(value) for name, value in values.items()}


def plain_value(value: Any) -> Any:
    """Return `value` as the worker's protocol can carry it.

    JSON has no infinity, no NaN and no lone surrogate: a number of that kind becomes text (`inf`), a surrogate its
    escape.
    """
    if isinstance(value, PgplayError):
        return value.code, value.values
    if isinstance(value, str | PurePath):
        return str(value).encode(errors="backslashreplace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {name: plain_value(item) for name, item in value.items()}
    return tuple(map(plain_value, value)) if isinstance(value, list | tuple) else value


class InputError(PgplayError):
    """Wrong usage or bad input: nothing was started and nothing was changed.

    `field` is the setting that is refused, empty where no single one is.
    """

    exit_status = 2

    def __init__(self, code: str, *, field: str = "", **values: Any) -> None:
        super().__init__(code, **values)
        self.field = field


class UnknownName(InputError):  # noqa: N818
    """There is no `kind` called `name`: a setting, a preset, a run; the nearest of the `known` names is its remedy.

    The texts `kind.…` of the catalogue say what each kind is called; `of` is what the kind belongs to, such as the
    generator of a parameter.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], *, of: str = "", field: str = "") -> None:
        coded = (f"kind.{kind}", {"of": of})
        super().__init__(UNKNOWN_NAME, field=field, kind=coded, name=name, known=tuple(sorted(known)))


@contextmanager
def about(field: str) -> Iterator[None]:
    """Let an error of input or of a reward raised within name `field` as the refused setting, unless it names one."""
    try:
        yield
    except (InputError, RewardError) as error:
        error.field = error.field or field
        raise


class LostRankError(PgplayError):
    """A process of several that share a run has died or does not answer: a step was left half done."""


class RewardError(PgplayError):
    """A reward failed; the run is kept up to the step before.

    `line` is the line of the person's source at which it failed, 0 where none is known, and `given` the input for
    which it did (`rewards.records.Triple`). `traceback` leads through the person's source to that line, in Python's
    format; empty where nothing was raised. `spec` is what the person typed for the reward, and `field` the setting that
    is refused for it, each empty until it is known.
    """

    exit_status = 3

    def __init__(
        self,
        code: str,
        *,
        line: int = 0,
        given: tuple[Any, ...] | None = None,
        traceback: str = "",
        **values: Any,
    ) -> None:
        super().__init__(code, **values)
        self.line = line
        self.given = given
        self.traceback = traceback
        self.spec = ""
        self.field = ""

    @property
    def nested_traceback(self) -> str:
        """The traceback if it leads through several calls; else empty, as `line` says as much."""
        calls = sum(line.lstrip().startswith("File ") for line in self.traceback.split("\n"))
        return self.traceback if calls > 1 else ""


_LACKS_MEMORY = ("failed to map segment", "cannot allocate memory", "can't allocate memory", "can't start new thread")
"""The messages of the system, torch and Python for a lack of memory, in errors of other kinds."""


def lack_of_memory(error: BaseException) -> PgplayError | None:
    """Return `error` in plain words where it comes from a lack of memory, also while a library is loaded; else None."""
    message = str(error).lower()
    # torch.OutOfMemoryError is a RuntimeError, and this module must not import torch.
    is_lack = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    if not is_lack and not any(words in message for words in _LACKS_MEMORY):
        return None
    if isinstance(error, ImportError):
        return PgplayError("system.memory_to_load_torch" if "torch" in message else "system.memory_to_load")
    return PgplayError("system.memory")


def is_disk_full(error: BaseException) -> bool:
    """Whether `error` says that the disk, or the person's share of it, is full."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def refusal_of_system(error: BaseException) -> PgplayError | None:
    """Return `error` in plain words where memory or a package is lacking; None for any other."""
    lacking = lack_of_memory(error)
    if lacking is None and isinstance(error, ImportError):
        first_line = str(error).strip().partition("\n")[0]
        return PgplayError("system.package", reason=first_line)
    return lacking


def composed(name: str) -> str:
    """Return `name` in Unicode's composed form (NFC), in which names are kept and compared."""
    return unicodedata.normalize("NFC", name)


def look_up(kind: str, name: str, known: Mapping[str, Known], *, field: str = "") -> Known:
    """Return the value of `name` in `known`, however its accents are typed.

    Raises UnknownName if there is none; `kind` is one of the catalogue's, and `field` the setting that gave the name.
    """
    if name in known:
        return known[name]
    for other, value in known.items():
        if composed(other) == composed(name):
            return value
    raise UnknownName(kind, composed(name), known, field=field)
