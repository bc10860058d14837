"""A real download over HTTP by the Hub's own package: on the command line, and in the app."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Static

from pgplay.app.screens.dialogs.get_model import GetModelDialog
from pgplay.config.run_config import RunConfig, make_config
from pgplay.model_places import hub_model
from pgplay.worker.protocol.commands import Start
from tests.app.fake_worker import Bench, until
from tests.pretrained.hub_server import COMMIT, ID, hub_with
from tests.pretrained.models import model_folder

SETTINGS = {
    "model": ID, "target": "", "reward": "distinct", "max_length": 8, "batch_size": 8, "steps": 1, "device": "cpu",
}  # fmt: skip
UNREACHABLE = "http://127.0.0.1:9"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the model on this Hub."""
    folder = Path(model_folder("llama"))
    with hub_with(folder) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        yield folder


def pgplay(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pgplay", *words]
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)


@pytest.mark.exhaustive
def test_a_model_is_described_downloaded_and_then_trained_without_a_network(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = json.loads(pgplay("models", "show", ID, "--json").stdout)
    size = sum(file.stat().st_size for file in hub.iterdir())
    assert (told["commit"], told["size"], told["here"]) == (COMMIT, size, False)
    assert f"get it: pgplay models add {ID}" in pgplay("models", "show", ID).stdout
    assert pgplay("models", "add", ID, "--yes").stdout == f"{ID}@{COMMIT}\n"
    model = hub_model(ID)
    assert model is not None
    assert model.bytes_here() == size
    monkeypatch.setenv("HF_ENDPOINT", UNREACHABLE)
    options = [word for name, value in SETTINGS.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    trained = pgplay("train", *options)
    assert trained.returncode == 0, trained.stderr
    assert f"model={ID}@{COMMIT}" in trained.stdout


def config() -> RunConfig:
    return make_config(SETTINGS)


def shown(bench: Bench) -> str:
    return str(bench.app.screen.query_one(".words", Static).render())


async def asked_for(bench: Bench, pilot: Pilot[int]) -> GetModelDialog:
    await until(pilot, lambda: bench.workers and bench.worker.alive)
    bench.worker.ready()
    await until(pilot, lambda: bench.app.state.worker == "ready")
    await pilot.press("space")
    await until(pilot, lambda: isinstance(bench.app.screen, GetModelDialog))
    assert isinstance(bench.app.screen, GetModelDialog)
    return bench.app.screen


async def test_the_app_asks_downloads_and_then_starts(hub: Path) -> None:
    bench = Bench(config())
    async with bench.app.run_test(size=(80, 24)) as pilot:
        dialog = await asked_for(bench, pilot)
        await until(pilot, lambda: f"Download {ID}" in shown(bench))
        assert COMMIT[:12] in shown(bench)
        dialog.query_one("#yes", Button).press()
        await until(pilot, lambda: bench.sent(Start))
        assert bench.sent(Start)[0].config.model == ID


@pytest.mark.exhaustive
async def test_the_app_says_in_one_line_that_the_hub_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", UNREACHABLE)
    bench = Bench(config())
    async with bench.app.run_test(size=(80, 24)) as pilot:
        await asked_for(bench, pilot)
        await until(pilot, lambda: "cannot be reached" in shown(bench))
        assert "storybook-1m" in shown(bench)
        await pilot.press("escape")
        await until(pilot, lambda: bench.app.screen is bench.app.main)
        assert not bench.sent(Start)
