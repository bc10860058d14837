"""The app's own process never loads torch, and loads plotext only after the first frame."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("torch", "numpy", "plotext", "Levenshtein", "rapidfuzz", "safetensors", "sqlite3")


def test_importing_the_app_is_light() -> None:
    program = (
        "import sys, pgplay.app.app, pgplay.app.screens.main\n"
        f"print(','.join(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == ""


def test_no_module_of_the_app_loads_torch() -> None:
    program = (
        "import importlib, pkgutil, sys, pgplay.app\n"
        "for found in pkgutil.walk_packages(pgplay.app.__path__, 'pgplay.app.'): importlib.import_module(found.name)\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"
