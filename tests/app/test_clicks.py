"""Everything that a key does, a click does too."""

from __future__ import annotations

import pytest
from textual.geometry import Offset
from textual.pilot import Pilot

from pgplay.app.screens.step.phases import PhaseScreen
from pgplay.config.changes import Changes
from pgplay.worker.protocol.commands import Change
from tests.app.fake_worker import Bench, curve, until
from tests.app.screens import go_to, prepare

SIZE = (120, 36)


async def click_on(words: str, bench: Bench, pilot: Pilot[int]) -> None:
    """Click on the first place on the screen that shows `words`."""
    strips = bench.app.screen._compositor.render_strips()
    lines = ["".join(segment.text for segment in strip) for strip in strips]
    y = next(number for number, line in enumerate(lines) if words in line)
    await pilot.click(offset=Offset(lines[y].index(words) + 1, y))
    await pilot.pause()


@pytest.mark.exhaustive
@pytest.mark.matrix
@pytest.mark.parametrize(
    "name", ["health", "details", "recipe", "write", "metrics", "help", "code", "choose", "save", "delete", "failure"]
)
async def test_every_dialog_can_be_closed_by_a_click(name: str) -> None:
    ways = {"metrics": "escape shows them", "save": "Cancel", "delete": "No", "failure": "Close"}
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await prepare(bench, pilot)
        dialog = await go_to(name, bench, pilot)
        await click_on(ways.get(name, "escape closes"), bench, pilot)
        await until(pilot, lambda: bench.app.screen is not dialog)


@pytest.mark.exhaustive
async def test_a_click_opens_any_stage_of_a_step_and_leads_back() -> None:
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await prepare(bench, pilot)
        screen = await go_to("phases", bench, pilot)
        assert isinstance(screen, PhaseScreen)
        for words, formula in (("4 update", "loss L"), ("2 score", "R(x)"), ("previous", "log π(x)")):
            await click_on(words, bench, pilot)
            await until(pilot, lambda formula=formula: formula in str(screen.query_one("#maths-lines").render()))


async def test_a_click_on_a_suggestion_applies_it() -> None:
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await prepare(bench, pilot)
        bench.worker.train(80, after=40, metrics=lambda step: {**curve(step), "clip_share": 0.8, "lr": 0.005})
        await until(pilot, lambda: bench.app.state.step == 80)
        await go_to("health", bench, pilot)
        await until(pilot, lambda: "1: lr" in str(bench.app.screen.query_one("#health-signals").render()))
        await click_on("1: lr", bench, pilot)
        await until(pilot, lambda: bench.sent(Change))
        assert bench.sent(Change) == [Change(settings=Changes(lr=0.0025))]
