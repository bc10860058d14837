"""The sets of prompts and targets that ship, each a file of pairs with its source beside it."""

from __future__ import annotations

import functools
from pathlib import Path

from pgplay.paths import shipped


@functools.cache
def data_sets() -> dict[str, Path]:
    """Return the file of every set that ships, by the name under which `--task` takes it."""
    return {path.stem: path for path in sorted((shipped("assets") / "tasks").glob("*.csv"))}
