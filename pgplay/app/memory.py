"""What the app was like when it was left: the setup, how the plots were looked at, the theme.

It is a convenience and nothing depends on it: a file that cannot be read or written, or that is of another version,
is as good as none. Its settings are checked as any others; nothing in it is ever executed.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any

import msgspec

from pgplay.app.view import PlotView
from pgplay.errors import PgplayError
from pgplay.paths import data_folder, make_folder

FILE = "app.json"


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """The state that comes back at the next start; `settings` are those of the setup, None where it was broken."""

    theme: str = ""
    ascii: bool = False
    shown: tuple[str, ...] = ()
    smoothing: int = 0
    logarithmic: tuple[str, ...] = ()
    settings: dict[str, Any] | None = None
    preset: str = ""

    def view(self) -> PlotView:
        """Return how the plots were looked at."""
        return PlotView(smoothing=self.smoothing, logarithmic=frozenset(self.logarithmic)).choosing(self.shown)


NOTHING = Memory()
"""What a first start begins with."""


def recall() -> Memory:
    """Return what was kept, or an empty memory."""
    with contextlib.suppress(OSError, msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return msgspec.json.decode((data_folder() / FILE).read_bytes(), type=Memory)
    return NOTHING


def keep(memory: Memory) -> None:
    """Keep `memory` for the next start, where that can be done.

    It is not synced: on a busy disk that takes seconds, and a person who quits does not wait for a convenience.
    """
    with contextlib.suppress(PgplayError, OSError):
        path = make_folder(data_folder()) / FILE
        aside = path.with_name(f".{FILE}.{os.getpid()}")
        aside.write_bytes(msgspec.json.encode(memory))
        os.replace(aside, path)
