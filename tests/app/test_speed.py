"""Goals and slow motion: what the user types or presses, and the commands to the worker."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from pgplay.app.screens.dialogs.questions import AskDialog
from pgplay.app.state.pace import parse_leg
from pgplay.errors import InputError
from pgplay.worker.protocol.commands import Pace, Start, Step
from tests.app.fake_worker import Bench, begin, until, words

SIZE = (120, 36)


@pytest.mark.parametrize(
    ("typed", "leg"),
    [
        ("solved", Step(count=None, until="solved")),
        ("reward 0.9", Step(count=None, until="reward>=0.9")),
        ("reward >= 1", Step(count=None, until="reward>=1")),
        ("step 500", Step(count=380)),
        ("10 steps", Step(count=10)),
        (" 7 ", Step(count=7)),
        ("30 s", Step(count=None, seconds=30.0)),
        ("1.5 min", Step(count=None, seconds=90.0)),
    ],
)
def test_a_typed_goal_becomes_a_command(typed: str, leg: Step) -> None:
    assert parse_leg(typed, 120) == leg


@pytest.mark.parametrize("typed", ["", "soon", "step 120", "0 steps", "reward", "-3", "0 s"])
def test_an_invalid_goal_is_refused(typed: str) -> None:
    with pytest.raises(InputError):
        parse_leg(typed, 120)


async def test_ten_steps_and_a_goal_are_sent_and_a_run_is_built_if_there_is_none() -> None:
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await begin(bench, pilot)
        await pilot.press("S")
        await until(pilot, lambda: bench.sent(Start))
        assert [start.paused for start in bench.sent(Start)] == [True]
        bench.worker.build("paused")
        await until(pilot, lambda: bench.sent(Step))
        assert bench.sent(Step)[-1].count == 10
        bench.worker.train(10)
        await until(pilot, lambda: bench.app.state.step == 10)
        await pilot.press("g")
        await until(pilot, lambda: isinstance(bench.app.screen, AskDialog))
        bench.app.screen.query_one("#answer", Input).value = "step 5"
        await pilot.press("enter")
        assert "already at step 10" in str(bench.app.screen.query_one(".problem").render())
        bench.app.screen.query_one("#answer", Input).value = "step 25"
        await pilot.press("enter")
        await until(pilot, lambda: len(bench.sent(Step)) == 2)
        assert bench.sent(Step)[-1].count == 15
        assert len(bench.sent(Start)) == 1


async def test_slow_motion_is_sent_and_outlasts_the_worker() -> None:
    bench = Bench()
    async with bench.app.run_test(size=SIZE) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        await pilot.press("plus", "minus", "minus")
        await until(pilot, lambda: len(bench.sent(Pace)) == 3)
        assert [pace.seconds for pace in bench.sent(Pace)] == [0.0, 0.1, 0.25]
        bench.worker.train(3)
        await until(pilot, lambda: "slow: 4 steps/s" in words(bench, "#status"))
        bench.worker.die()
        await until(pilot, lambda: bench.app.state.worker == "dead")
        await pilot.press("escape", "space")
        await until(pilot, lambda: len(bench.workers) == 2)
        bench.worker.ready()
        await until(pilot, lambda: bench.sent(Pace))
        assert bench.sent(Pace)[0].seconds == 0.25
        await pilot.press("plus", "plus", "plus")
        await until(pilot, lambda: bench.app.state.tempo == 0)
