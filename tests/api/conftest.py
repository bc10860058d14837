"""What tests of pgplay from Python share."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture
def without_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics are lists, as on a machine without pandas."""
    monkeypatch.setitem(sys.modules, "pandas", None)
