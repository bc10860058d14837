"""The alternating sides of a benchmark, each run in a process of its own without a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any


def run_side(module: str, side: str, seed: int, options: dict[str, object], environment: dict[str, str]) -> Any:
    """Return the last line that `module` prints for one `side`, as JSON; exit with its error if it fails."""
    words = [sys.executable, "-m", module, "--side", side, "--seed", str(seed)]
    for name, value in options.items():
        words += [f"--{name}", str(value)]
    variables = {**os.environ, "HF_HUB_OFFLINE": "1", **environment}
    done = subprocess.run(words, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{side} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])
