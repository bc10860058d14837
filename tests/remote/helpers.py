"""What the tests of another machine share: a reward, and a program in the place of ssh."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from tests.worker.helpers import scripted

REWARD = "def reward(completion):\n    return float(len(set(completion)))\n"


def play_ssh(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the worker of `script`, as `scripted` runs it, answer in the place of every ssh."""
    program = folder / "ssh"
    program.write_text(f"#!/bin/sh\nexec {shlex.join(scripted(script))}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
