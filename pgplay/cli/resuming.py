"""What a person at another machine reads: which machine this is, and the command that resumes a run."""

from __future__ import annotations

import os
import re
import shlex

from pgplay.config.engine import LOCAL, Engine

SEEN_AS = "PGPLAY_SEEN_AS"
"""The variable of the environment that names the engine as which another machine sees this one."""


def host_seen() -> str:
    """Return this machine as the other one calls it, empty where the person sits here."""
    return os.environ.get(SEEN_AS, "").removeprefix("ssh:")


def as_typed_there(text: str) -> str:
    """Return `text` with the commands in it that bring something to this machine as the person types them."""
    engine = os.environ.get(SEEN_AS)
    return _BRINGING.sub(rf"\g<0> --engine {engine}", text) if engine else text


_BRINGING = re.compile(r"pgplay (?:models|tasks) add (?:'[^']*'|[^\s,']*[^\s,.'])")


def to_continue(sweep: str, engine: Engine = LOCAL) -> str:
    """Return the command that continues a sweep on `engine`, from the machine on which the person sits."""
    return _command("sweep", engine, sweep)


def to_resume(run: str, engine: Engine = LOCAL) -> str:
    """Return the command that resumes `run` on `engine`, from the machine on which the person sits."""
    return _command("train", engine, "--resume", run)


def _command(name: str, engine: Engine, *words: str) -> str:
    there = ":".join(filter(None, (os.environ.get(SEEN_AS), "" if engine == LOCAL else str(engine))))
    return shlex.join(["pgplay", name, *(["--engine", there] if there else []), *words])
