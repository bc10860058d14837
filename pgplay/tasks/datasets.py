"""The shipped data sets of prompts and targets; next to each file is a note on its source."""

from __future__ import annotations

import functools
from pathlib import Path

from pgplay.paths import shipped


@functools.cache
def shipped_data_sets() -> dict[str, Path]:
    """Return the file of every shipped data set by its name as a task."""
    return {path.stem: path for path in sorted((shipped("assets") / "tasks").glob("*.csv"))}
