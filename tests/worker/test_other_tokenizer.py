"""Tokens of two letters in every package: a real worker, its store, the library, the command line and the app."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from textual.widgets import Static

from pgplay.app.app import PgplayApp
from pgplay.app.widgets.token_table import STOP
from pgplay.config.run_config import make_config
from pgplay.library.policies import read_policy
from pgplay.worker.client.client import worker_environment
from pgplay.worker.protocol.commands import InspectStep, Map, Quit, Resume, Save, Start, Step, Write
from pgplay.worker.protocol.events import Mapped, Ready, Saved, StateChanged, StepInspected, Written
from tests.app.fake_worker import until
from tests.tokenizers.pairs import ROOT, PairTokenizer, install
from tests.worker.helpers import PATIENCE, Listener

PAIRS = {"tokenizer": "pairs", "target": "abba", "alphabet": "ab", "model": "gru-nano", "batch_size": 32, "seed": 1}
TOKENS = {"", "a", "b", "aa", "ab", "ba", "bb"}


@pytest.fixture(autouse=True)
def pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "installed", monkeypatch)


async def state(listener: Listener, wanted: str) -> StateChanged:
    return await listener.next(StateChanged, lambda event: event.state == wanted)


@pytest.mark.exhaustive
async def test_the_worker_trains_inspects_stores_saves_and_samples_with_them() -> None:
    worker = Listener()
    await worker.client.start()
    await worker.next(Ready)
    worker.client.send(Start(config=make_config({**PAIRS, "until": "never"}), paused=True))
    run = (await state(worker, "paused")).info.run
    worker.client.send(InspectStep())
    samples = (await worker.next(StepInspected)).detail.samples
    tokens = {token.text for sample in samples for token in sample.tokens}
    assert {"a", "ab"} < tokens <= TOKENS
    assert all("".join(token.text for token in sample.tokens) == sample.text for sample in samples)
    worker.client.send(Map())
    assert (await worker.next(Mapped)).map.target == ("ab", "ba", "")
    worker.client.send(Step(count=3))
    await state(worker, "paused")
    worker.client.send(Quit())
    await worker.client.close(PATIENCE)

    again = Listener()
    await again.client.start()
    await again.next(Ready)
    again.client.send(Resume(run=run))
    await state(again, "training")
    again.client.send(Save(name="by pairs"))
    await again.next(Saved)
    again.client.send(Write(policy="by pairs", count=40))
    written = (await again.next(Written)).samples
    assert {piece for sample in written for piece in sample.tokens} <= TOKENS
    assert all("".join(sample.tokens) == sample.text for sample in written)
    await again.client.close(PATIENCE)

    card = read_policy("by pairs")
    assert card.shape.tokens == "pairs"
    assert isinstance(card.shape.tokenizer, PairTokenizer)
    command = [sys.executable, "-m", "pgplay", "sample", "by pairs", "-n", "5", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=worker_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {letter for one in json.loads(done.stdout)["completions"] for letter in one["text"]} == set("ab")


@pytest.mark.exhaustive
async def test_the_app_shows_them_in_the_microscope() -> None:
    app = PgplayApp(make_config({**PAIRS, "until": "never"}))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.state.worker == "ready")
        await pilot.press("s")
        await until(pilot, lambda: app.state.run == "paused")
        await pilot.press("n")
        await until(pilot, lambda: app.state.step_detail is not None)
        await pilot.press("escape")
        await pilot.press("k")
        await until(pilot, lambda: "most likely" in token_rows(app))
        shown = {line[:3].strip() for line in token_rows(app).splitlines()[1:]}
        assert shown & {"ab", "ba", "aa", "bb"}
        assert shown <= {token or STOP for token in TOKENS}


def token_rows(app: PgplayApp) -> str:
    found = app.screen.query("#token-rows")
    return str(found.first(Static).render()) if found else ""
