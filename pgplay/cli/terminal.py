"""The app's requirements of the terminal."""

from __future__ import annotations

import os
import sys

from pgplay.errors import InputError


def need_terminal() -> None:
    """Prepare to open the app; raises InputError where standard input or output is no terminal."""
    for name, stream in (("input", sys.stdin), ("output", sys.stdout)):
        if stream is None or not stream.isatty():
            raise InputError("command.no_terminal", stream=name)
    # Textual reads this when it is imported. A key takes effect within two frames: 33 ms at 60 per second.
    os.environ.setdefault("TEXTUAL_FPS", "240")
