"""The stranger in all tests of consent."""

from __future__ import annotations

import pytest

from tests.app.conftest import apps_are_quick
from tests.consent.strangers import FIELDS, Stranger, make

__all__ = ["apps_are_quick", "made", "them"]


@pytest.fixture(scope="package", params=FIELDS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    return make(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture
def them(made: Stranger, monkeypatch: pytest.MonkeyPatch) -> Stranger:
    """The stranger, whose Python has not run yet; their file is in the present folder."""
    monkeypatch.chdir(made.folder)
    made.write()
    for left in ("ran", "theirs.toml", "run.csv"):
        (made.folder / left).unlink(missing_ok=True)
    return made
