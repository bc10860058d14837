"""The errors a person may see: what was wrong, and what would be right.

Every error that pgplay raises on purpose is a `PgplayError`. The command line prints it as one or two plain lines and
exits with its `exit_status`; the app shows it as a card. Anything else that escapes is a defect.
"""

import difflib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

Kept = TypeVar("Kept")


class PgplayError(Exception):
    """The run failed.

    `problem` says what was wrong; `remedy`, which may be empty, says what would be right.
    """

    exit_status = 1

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}\n{self.remedy}" if self.remedy else self.problem


class InputError(PgplayError):
    """Wrong words or bad input: nothing was started and nothing was changed.

    `field` is the setting that is refused, empty where no single one is.
    """

    exit_status = 2

    def __init__(self, problem: str, remedy: str = "", *, field: str = "") -> None:
        super().__init__(problem, remedy)
        self.field = field


@contextmanager
def about(field: str) -> Iterator[None]:
    """Let an InputError raised within name `field` as the setting that is refused, unless it names one already."""
    try:
        yield
    except InputError as error:
        error.field = error.field or field
        raise


class RewardError(PgplayError):
    """A reward failed; the run is kept up to the step before.

    `line` is the line of the person's source at which it failed, 0 where none is known, and `given` the text, target
    and prompt for which it did. `traceback` leads through the person's source to that line, as Python tells it; empty
    where nothing was raised. `spec` is what the person typed for the reward, empty until it is known.
    """

    exit_status = 3

    def __init__(
        self,
        problem: str,
        remedy: str = "",
        line: int = 0,
        given: tuple[str, str, str] | None = None,
        traceback: str = "",
    ) -> None:
        super().__init__(problem, remedy)
        self.line = line
        self.given = given
        self.traceback = traceback
        self.spec = ""

    @property
    def way(self) -> str:
        """The traceback where it tells more than the line does: where it leads through several calls."""
        calls = sum(line.lstrip().startswith("File ") for line in self.traceback.split("\n"))
        return self.traceback if calls > 1 else ""


_LACKS_MEMORY = ("failed to map segment", "cannot allocate memory", "can't allocate memory", "can't start new thread")
"""What the system, torch and Python say where there is not enough memory, in errors of other kinds."""


def lack_of_memory(error: BaseException) -> PgplayError | None:
    """Return `error` in plain words where it comes from a lack of memory, also while a library is loaded; else None."""
    said = str(error).lower()
    # torch.OutOfMemoryError is a RuntimeError, and this module must not import torch.
    is_lack = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    if not is_lack and not any(words in said for words in _LACKS_MEMORY):
        return None
    remedy = "Close other programs, or raise the limit (ulimit -v): training takes about 1 GB."
    if isinstance(error, ImportError):
        what = "torch" if "torch" in said else "a library that pgplay needs"
        return PgplayError(f"There is not enough memory to load {what}.", remedy)
    return PgplayError("There was not enough memory.", remedy)


def refusal_of_system(error: BaseException) -> PgplayError | None:
    """Return `error` in plain words where memory or a package is lacking; None for any other."""
    lacking = lack_of_memory(error)
    if lacking is None and isinstance(error, ImportError):
        first_line = str(error).strip().partition("\n")[0]
        return PgplayError(f"A package that pgplay needs cannot be loaded: {first_line}.", "Install pgplay again.")
    return lacking


def abridged(text: str, longest: int = 100) -> str:
    """Return the start of `text` on one line, with what does not print escaped, for an error to quote."""
    start = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text[:longest])
    return start if len(text) <= longest else f"{start}…"


def shown(value: object, longest: int = 60) -> str:
    """Return `value` as an error quotes it: on one line, with nothing that does not print, and shortened.

    Values from outside can be too deep or too long for `repr`.
    """
    try:
        text = repr(value[: longest + 1] if isinstance(value, str) else value)
    except (ValueError, RecursionError):
        return "a value too large to show"
    return text if len(text) <= longest + 2 else f"{text[:longest]}…"


def unknown_name(kind: str, name: str, known: Iterable[str], *, field: str = "") -> InputError:
    """Return the error for a `name` that is no `kind`, with the nearest of the `known` names as its remedy.

    `field` is the setting that gave the name, if one did.
    """
    names = sorted(known)
    nearest = difflib.get_close_matches(name[:_LONGEST_NAME], names, n=1, cutoff=0.5)
    remedy = f"Did you mean '{nearest[0]}'?" if nearest else f"There is: {', '.join(names) or 'none yet'}."
    quoted = f"'{name}'" if name.isprintable() and len(name) <= _LONGEST_NAME else shown(name, _LONGEST_NAME)
    return InputError(f"There is no {kind} called {quoted}.", remedy, field=field)


_LONGEST_NAME = 100
"""Characters of an unknown name that are quoted and compared with the known ones."""


def composed(name: str) -> str:
    """Return `name` in Unicode's composed form (NFC), in which names are kept and compared."""
    return unicodedata.normalize("NFC", name)


def look_up(kind: str, name: str, known: Mapping[str, Kept]) -> Kept:
    """Return what is `known` by `name`, however its accents are typed.

    Raises InputError, with the nearest name, where nothing is.
    """
    if name in known:
        return known[name]
    for other, kept in known.items():
        if composed(other) == composed(name):
            return kept
    raise unknown_name(kind, composed(name), known)
