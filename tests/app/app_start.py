"""The app as `pgplay` starts it from the files on the disk, with a fake worker."""

from __future__ import annotations

from typing import Any

import pytest

from pgplay.app.app import PgplayApp
from pgplay.app.launch import AppStart, as_left, run_app
from pgplay.config.run_config import make_config
from tests.app.fake_worker import Bench


def start_app(monkeypatch: pytest.MonkeyPatch, **settings: Any) -> Bench:
    """The app of the next start, as it was left or with `settings`; on an empty disk this is the very first start."""
    started: list[PgplayApp] = []
    monkeypatch.setattr(PgplayApp, "run", lambda app: started.append(app))
    run_app(AppStart(make_config(settings)) if settings else as_left())
    bench = Bench()
    bench.app = started[0]
    bench.app._connect = bench._connect
    return bench
