"""What the app was like when it was left: the setup, how the plots were looked at, the theme.

It is a convenience and nothing depends on it: what cannot be read or does not fit is told, the rest comes back, and the
file is kept aside, as leaving the app writes a new one. Its settings are checked as any others; nothing in it is ever
executed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
from textual.theme import BUILTIN_THEMES

from pgplay.app import themes
from pgplay.app.state.plot_view import MOST_PLOTS, SMOOTHINGS, PlotView, is_plotted
from pgplay.errors import InputError, PgplayError
from pgplay.files.text import read_bytes
from pgplay.locale.quoting import quoted_setting, shown
from pgplay.paths import data_folder, make_folder

FILE = "app.json"
ASIDE = f"{FILE}.old"
"""The last file of which not all could be taken."""


AS_LEFT = "the last session"
"""Who brought the rewards that the file names: it is no person's word, anyone may have written it."""


class SavedUiState(msgspec.Struct, frozen=True, kw_only=True):
    """The state that comes back at the next start; `settings` are those of the setup, None where it was broken."""

    theme: str = ""
    ascii: bool = False
    speed: bool = False
    shown: tuple[str, ...] = ()
    smoothing: int = 0
    logarithmic: tuple[str, ...] = ()
    settings: dict[str, Any] | None = None
    preset: str = ""

    def view(self) -> PlotView:
        """Return how the plots were looked at."""
        return PlotView(smoothing=self.smoothing, logarithmic=frozenset(self.logarithmic)).choosing(self.shown)


NOTHING = SavedUiState()
"""What a first start begins with."""


class Recalled(NamedTuple):
    """What was kept, as far as it fits, and a sentence about each thing that does not."""

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
}
"""What a value has to be beyond its type."""

_LIMIT = 10_000_000
"""Bytes of the file; drafts of rewards are the longest that it keeps."""


def load_saved_state() -> Recalled:
    """Return what was kept, as far as it fits."""
    try:
        path = data_folder() / FILE
        if not path.exists():
            return Recalled(NOTHING, is_first=True)
        found = msgspec.json.decode(read_bytes(path, _LIMIT), type=dict[str, Any])
    except (InputError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Recalled(NOTHING, (f"nothing can be read ({error}), so all is as at a first start",))
    fields = {field.name: field.type for field in msgspec.structs.fields(SavedUiState)}
    kept: dict[str, Any] = {}
    problems: list[str] = []
    for name, value in found.items():
        if name not in fields:
            problems.append(f"there is no {shown(name)}; what there is: {', '.join(fields)}")
            continue
        rule = _RULES.get(name, _Rule(lambda _: True, ""))
        try:
            taken = msgspec.convert(value, fields[name])
        except msgspec.ValidationError as error:
            problems.append(f"{name}: {str(error)[:1].lower()}{str(error)[1:]}")
            continue
        if rule.fits(taken):
            kept[name] = taken
        else:
            problems.append(f"{name} is {quoted_setting(value)}, and has to be: {rule.right}")
    return Recalled(SavedUiState(**kept), tuple(problems))


def described_problems(problems: Sequence[str]) -> str:
    """Return what could not be taken as one line, and where it is kept."""
    return " ".join(f"In {FILE} {'; '.join(problems)}. The file is kept as {ASIDE}.".split())


def keep_aside() -> None:
    """Keep the file as it is, where that can be done: leaving the app writes another in its place."""
    with contextlib.suppress(OSError):
        shutil.copyfile(data_folder() / FILE, data_folder() / ASIDE)


def save_ui_state(memory: SavedUiState) -> None:
    """Keep `memory` for the next start, where that can be done.

    It is not synced: on a busy disk that takes seconds, and a person who quits does not wait for a convenience.
    """
    with contextlib.suppress(PgplayError, OSError):
        path = make_folder(data_folder()) / FILE
        aside = path.with_name(f".{FILE}.{os.getpid()}")
        aside.write_bytes(msgspec.json.encode(memory))
        os.replace(aside, path)
