"""Whatever the run is doing, each key opens a page with content, or one that says how to get it."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from pgplay.worker.protocol.commands import InspectStep, Start
from pgplay.worker.protocol.events import Mapped, StateChanged, StepInspected
from tests.app.fake_worker import Bench, begin, until
from tests.app.step_details import policy_map, step_detail
from tests.app.stored_runs import store_run

KEYS = {
    "n": "PhaseScreen",
    "k": "MicroscopeScreen",
    "a": "MapScreen",
    "w": "WriteScreen",
    "h": "TravelScreen",
    "p": "SideBySide",
    "c": "MainScreen",
}
"""The keys, each with the page that it opens once there is a run."""

WITHOUT_A_RUN = {"w": "Library", "h": "Runs"}
"""The page that a key opens instead while there is no run."""

MAKES_A_STEP = ("n", "k", "a")

SAYS = {
    "n": ("recording a step…", "step 40"),
    "k": ("n makes a step", "step 40"),
    "a": ("What the policy would write appears here", "greedy"),
    "w": ("ships with pgplay", "Samples appear here"),
    "h": ("Space to start one", "step 60 of 60"),
    "p": ("space starts a run", "1 run"),
    "c": ("There are no values yet", "step 40"),
}
"""The text of each page, without a run and with one."""


def shown(bench: Bench) -> str:
    strips = bench.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


async def press_each(bench: Bench, pilot: Pilot[int], *, has_run: bool) -> None:
    """Press each key on the main page, and come back; the page must show its text."""
    for key, page in KEYS.items():
        expected = page if has_run else WITHOUT_A_RUN.get(key, page)
        await pilot.press(key)
        await until(pilot, lambda expected=expected: type(bench.app.screen).__name__ == expected)
        says = SAYS[key][has_run]
        await until(pilot, lambda says=says: says in shown(bench))
        while len(bench.app.screen_stack) > 1:
            await bench.app.pop_screen()
        await pilot.pause()


@pytest.mark.exhaustive
@pytest.mark.matrix
@pytest.mark.parametrize("run", ["training", "paused", "solved", "failed"])
async def test_every_key_opens_a_page_with_content(run: str, home: Path) -> None:
    store_run("mine")
    bench = Bench()
    async with bench.app.run_test(size=(100, 30), notifications=True) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training", run="mine")
        bench.worker.train(40)
        bench.worker.tell(StepInspected(detail=step_detail()))
        bench.worker.tell(Mapped(map=policy_map()))
        bench.worker.tell(StateChanged(state=run, step=40))  # type: ignore[arg-type]
        await until(pilot, lambda: bench.app.state.run == run and bench.app.state.map is not None)
        await press_each(bench, pilot, has_run=True)


@pytest.mark.exhaustive
async def test_without_a_run_every_key_says_what_will_appear_and_how(home: Path) -> None:
    for key in KEYS:
        bench = Bench()
        async with bench.app.run_test(size=(100, 30), notifications=True) as pilot:
            await begin(bench, pilot)
            await pilot.press(key)
            await until(pilot, lambda bench=bench, key=key: SAYS[key][False] in shown(bench))
            assert type(bench.app.screen).__name__ == WITHOUT_A_RUN.get(key, KEYS[key])
            assert len(bench.sent(Start)) == (key in MAKES_A_STEP)


async def test_a_run_whose_worker_is_gone_shows_its_last_recorded_step_or_how_to_record_one(home: Path) -> None:
    for kept in (True, False):
        store_run(f"run-{kept}", step_details=(step_detail(),) if kept else ())
        bench = Bench()
        async with bench.app.run_test(size=(100, 30)) as pilot:
            await begin(bench, pilot)
            bench.worker.build("paused", run=f"run-{kept}")
            bench.worker.train(40)
            await until(pilot, lambda bench=bench: bench.app.state.step == 40)
            bench.worker.die()
            await until(pilot, lambda bench=bench: bench.app.screen.query("#failure"))
            await pilot.press("escape", "n")
            await until(pilot, lambda bench=bench: type(bench.app.screen).__name__ == "PhaseScreen")
            says = "step 40" if kept else "u resumes it, n records one"
            await until(pilot, lambda bench=bench, says=says: says in shown(bench))
            assert not bench.sent(InspectStep)
