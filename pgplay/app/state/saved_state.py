"""The app's last state, kept for its next start: the setup, the view of the plots, the theme.

Unreadable or unfitting values are reported and left at their defaults, and the file is copied aside, as quitting writes
a new one. Its settings are checked like any others; nothing in it is ever executed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
from textual.theme import BUILTIN_THEMES

from pgplay.app import themes
from pgplay.app.state.plot_view import MOST_PLOTS, SMOOTHINGS, PlotView, is_plotted
from pgplay.config.run_config import fields
from pgplay.errors import InputError, PgplayError
from pgplay.files.text import read_bytes
from pgplay.locale.quoting import quoted_setting, short_repr
from pgplay.paths import data_folder, make_folder

STATE_FILE = "app.json"
ASIDE = f"{STATE_FILE}.old"
"""A copy of the last file that did not fit."""


class SavedUiState(msgspec.Struct, frozen=True, kw_only=True):
    """The kept state; `settings` are those of the setup, None if it had an error."""

    theme: str = ""
    ascii: bool = False
    speed: bool = False
    uses: dict[str, int] = {}
    shown: tuple[str, ...] = ()
    smoothing: int = 0
    logarithmic: tuple[str, ...] = ()
    settings: dict[str, Any] | None = None
    typed: dict[str, str] | None = None
    """The setup's texts that differ from the defaults, right or wrong; None in a file that keeps none."""
    preset: str = ""

    def view(self) -> PlotView:
        """Return the view of the plots."""
        return PlotView(smoothing=self.smoothing, logarithmic=frozenset(self.logarithmic)).choosing(self.shown)


NOTHING = SavedUiState()
"""The state of a first start."""


class Recalled(NamedTuple):
    """The kept values that fit, and a sentence about each one that does not."""

    memory: SavedUiState
    problems: tuple[str, ...] = ()
    is_first: bool = False
    """Whether the app has never been left before."""


class _Rule(NamedTuple):
    fits: Callable[[Any], bool]
    right: str


_HOUSE = ", ".join(theme.name for theme in themes.THEMES)
_METRICS = _Rule(lambda names: all(map(is_plotted, names)), "metrics that m lists")
_RULES = {
    "theme": _Rule(
        lambda name: name in ("", *BUILTIN_THEMES) or any(name == theme.name for theme in themes.THEMES),
        f"{_HOUSE}, or another that Theme in ctrl+p lists",
    ),
    "shown": _METRICS._replace(right=f"up to {MOST_PLOTS} metrics that m lists"),
    "smoothing": _Rule(lambda steps: steps in SMOOTHINGS, ", ".join(map(str, SMOOTHINGS))),
    "logarithmic": _METRICS,
    "typed": _Rule(lambda typed: typed is None or typed.keys() <= fields().keys(), "texts by setting name"),
}
"""What each value must be, beyond its type."""

_LIMIT = 10_000_000
"""The largest file, in bytes; its longest values are drafts of rewards."""


def load_saved_state() -> Recalled:
    """Return the values that fit, and the problems of the others."""
    try:
        path = data_folder() / STATE_FILE
        if not path.exists():
            return Recalled(NOTHING, is_first=True)
        stored = msgspec.json.decode(read_bytes(path, _LIMIT), type=dict[str, Any])
    except (InputError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Recalled(NOTHING, (f"nothing can be read ({error}), so the app starts with its defaults",))
    types = {field.name: field.type for field in msgspec.structs.fields(SavedUiState)}
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, value in stored.items():
        if name not in types:
            problems.append(f"there is no {short_repr(name)}, only {', '.join(types)}")
            continue
        rule = _RULES.get(name, _Rule(lambda _: True, ""))
        try:
            converted = msgspec.convert(value, types[name])
        except msgspec.ValidationError as error:
            problems.append(f"{name}: {str(error)[:1].lower()}{str(error)[1:]}")
            continue
        if rule.fits(converted):
            values[name] = converted
        else:
            problems.append(f"{name} is {quoted_setting(value)}, but must be: {rule.right}")
    return Recalled(SavedUiState(**values), tuple(problems))


def described_problems(problems: Sequence[str]) -> str:
    """Return the problems as one line that names the file and its copy."""
    return " ".join(f"In {STATE_FILE} {'; '.join(problems)}. The file is kept as {ASIDE}.".split())


def keep_aside() -> None:
    """Copy the file aside if possible, as quitting overwrites it."""
    with contextlib.suppress(OSError):
        shutil.copyfile(data_folder() / STATE_FILE, data_folder() / ASIDE)


def save_ui_state(memory: SavedUiState) -> None:
    """Write `memory` for the next start, if possible.

    It is not synced, which takes seconds on a busy disk while a person waits to quit.
    """
    with contextlib.suppress(PgplayError, OSError, UnicodeEncodeError):  # half a character can be typed, and not kept
        path = make_folder(data_folder()) / STATE_FILE
        aside = path.with_name(f".{STATE_FILE}.{os.getpid()}.{threading.get_ident()}")
        aside.write_bytes(msgspec.json.encode(memory))
        os.replace(aside, path)
