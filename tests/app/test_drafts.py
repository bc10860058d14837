"""What is typed into the setup outlives the app, however the app ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.widgets import Button, Input, TextArea

from pgplay.app.controllers.shell import DRAFT_SECONDS
from pgplay.app.state.saved_state import load_saved_state
from tests.app.app_start import start_app
from tests.app.fake_worker import begin, opened, until

SIZE = (120, 36)


@pytest.mark.exhaustive
async def test_typed_text_valid_or_not_is_on_the_disk_within_a_second(
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
    kept.write_text(left_behind)  # as if the app had been killed: a normal exit writes the file once more
    again = start_app(monkeypatch)
    async with again.app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: again.app.main.query_one("#start", Button).disabled)
        setup = again.app.main.setup
        assert (setup.typed["target"], setup.typed["lr"]) == ("good morning", "fast")
        assert again.app.main.query_one("#target", TextArea).text == "good morning"
        assert "'fast' is not a number" in str(again.app.main.query_one("#setup-note").render())


async def test_a_draft_does_not_override_a_start_that_names_its_settings(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    (home / "app.json").write_text(json.dumps({"typed": {"lr": "fast"}}))
    bench = start_app(monkeypatch, target="mine")
    async with bench.app.run_test(size=SIZE) as pilot:
        await begin(bench, pilot)
        assert bench.app.state.settings == {"target": "mine"}


def test_a_draft_of_something_that_no_longer_exists_is_reported(home: Path) -> None:
    home.mkdir()
    (home / "app.json").write_text(json.dumps({"typed": {"learning rate": "fast"}, "smoothing": 5}))
    memory, (problem,), _ = load_saved_state()
    assert (memory.typed, memory.smoothing) == (None, 5)
    assert "texts by setting name" in problem
