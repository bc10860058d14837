"""The command that resumes a run, as the person would type it."""

from __future__ import annotations

import os
import shlex

SEEN_AS = "PGPLAY_SEEN_AS"
"""The variable of the environment that names the engine as which another machine sees this one."""


def to_resume(run: str) -> str:
    """Return the command that resumes `run`, from the machine on which the person sits."""
    engine = os.environ.get(SEEN_AS)
    words = ["pgplay", "train", *(["--engine", engine] if engine else []), "--resume", run]
    return shlex.join(words)
