"""Stand-ins for the packages that have tasks."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.tasks.packages import write_packages


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-ins, importable here and in processes that this one starts."""
    folder = write_packages(tmp_path / "packages")
    for name in [name for name in sys.modules if name.partition(".")[0] in ("reasoning_gym", "datasets")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "0")
    return folder
