"""What all tests share: a home of their own, so that no test sees or touches a person's policies."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("PGPLAY_HOME", str(folder))
    return folder
