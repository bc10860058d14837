"""Another setup chosen while a start waits for torch or is being prepared: the app asks, and nothing is mixed up."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from pgplay.app.screens.dialogs.questions import ConfirmDialog
from pgplay.app.widgets.dropdown import Dropdown
from pgplay.config.presets import load_preset
from pgplay.worker.protocol.commands import Change, Start
from pgplay.worker.protocol.events import StateChanged
from tests.app.fake_worker import Bench, begin, until, words

PRESET = "rloo"


async def choose(bench: Bench, pilot: Pilot[int], way: str, preset: str = PRESET) -> None:
    """Choose a preset and wait for the question."""
    if way == "setup":
        bench.app.main.query_one("#preset", Dropdown).value = preset
    else:
        entries = {entry.key: entry for entry in bench.app.palette_entries(bench.app.screen)}
        bench.app.choose_from_palette(entries[f"preset.{preset}"])
    await until(pilot, lambda: isinstance(bench.app.screen, ConfirmDialog))


@pytest.mark.parametrize("way", ["setup", "palette"])
async def test_a_preset_chosen_while_a_start_waits_for_torch_is_asked_about(way: str) -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot, ready=False)
        setup = bench.app.main.setup
        before = dict(setup.typed)
        await pilot.press("space")
        await choose(bench, pilot, way)
        assert "being started" in str(bench.app.screen.query_one(".words").render())
        await pilot.press("n")
        await until(pilot, lambda: bench.app.screen is bench.app.main)
        assert setup.typed == before
        await choose(bench, pilot, way)
        await pilot.press("y")
        await until(pilot, lambda: setup.preset == PRESET)
        assert bench.app.state.waiting
        bench.worker.ready()
        await until(pilot, lambda: bench.sent(Start))
        assert [start.config.algorithm for start in bench.sent(Start)] == ["rloo"], "the first start is withdrawn"
        assert setup.query_one("#preset", Dropdown).value == PRESET


async def test_the_answer_to_a_replaced_start_changes_no_settings() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("space")
        replaced = bench.worker.request(Start)
        await choose(bench, pilot, "setup")
        await pilot.press("y")
        await until(pilot, lambda: len(bench.sent(Start)) == 2)
        for state in ("preparing", "idle"):
            bench.worker.tell(StateChanged(state=state, request=replaced))  # type: ignore[arg-type]
        await until(pilot, lambda: bench.app.state.run == "idle")
        assert bench.app.state.waiting
        assert "starting…" in words(bench, "#headline")
        bench.worker.build("training", **load_preset(PRESET).settings)
        await until(pilot, lambda: bench.app.state.run == "training")
        assert not bench.app.state.waiting
        assert bench.app.main.setup.typed["algorithm"] == "rloo"
        assert bench.sent(Change) == []


async def test_the_setup_is_again_that_of_the_run_if_the_preset_cannot_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("space")
        bench.worker.answer(StateChanged(state="preparing"))
        await until(pilot, lambda: bench.app.state.run == "preparing")
        setup = bench.app.main.setup
        monkeypatch.setattr(setup, "load_preset", lambda name: setup.set_reward("nonsense"))
        await choose(bench, pilot, "setup")
        await pilot.press("y")
        await until(pilot, lambda: setup.typed["reward"] == "nonsense")
        await until(pilot, lambda: bench.app.screen is bench.app.main)
        await until(pilot, lambda: not bench.app.workers)
        bench.worker.build("training")
        await until(pilot, lambda: setup.typed["reward"] == "levenshtein")
        assert len(bench.sent(Start)) == 1
        assert bench.sent(Change) == []

