"""What is typed into the setup outlives the app, however that ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.widgets import Button, Input, TextArea

from pgplay.app.controllers.shell import DRAFT_SECONDS
from pgplay.app.state.saved_state import load_saved_state
from tests.app.fake_worker import begin, opened, until
from tests.app.started import start_app

SIZE = (120, 36)


async def test_what_was_typed_is_on_the_disk_within_a_second_right_or_wrong(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert DRAFT_SECONDS < 1
    async with opened(size=SIZE) as (bench, pilot):
        bench.app.main.query_one("#target", TextArea).text = "good morning"
        await bench.app.main.setup.open_setting("lr")
        bench.app.main.query_one("#setting-lr Input", Input).value = "fast"
        kept = home / "app.json"
        await until(pilot, lambda: kept.exists() and json.loads(kept.read_text())["typed"].get("lr"))
        assert json.loads(kept.read_text())["typed"] == {"lr": "fast", "target": "good morning"}
        left_behind = kept.read_text()
    kept.write_text(left_behind)  # as if the app had been killed: leaving it wrote the file once more
    again = start_app(monkeypatch)
    async with again.app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: again.app.main.query_one("#start", Button).disabled)
        setup = again.app.main.setup
        assert (setup.typed["target"], setup.typed["lr"]) == ("good morning", "fast")
        assert again.app.main.query_one("#target", TextArea).text == "good morning"
        assert "'fast' is not a number" in str(again.app.main.query_one("#setup-note").render())


async def test_a_draft_stays_out_of_a_start_that_asks_for_something_else(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    (home / "app.json").write_text(json.dumps({"typed": {"lr": "fast"}}))
    bench = start_app(monkeypatch, as_left=False, target="mine")
    async with bench.app.run_test(size=SIZE) as pilot:
        await begin(bench, pilot)
        assert bench.app.state.settings == {"target": "mine"}


def test_a_draft_of_what_there_is_not_is_told(home: Path) -> None:
    home.mkdir()
    (home / "app.json").write_text(json.dumps({"typed": {"learning rate": "fast"}, "smoothing": 5}))
    memory, (problem,), _ = load_saved_state()
    assert (memory.typed, memory.smoothing) == (None, 5)
    assert "texts by setting name" in problem
