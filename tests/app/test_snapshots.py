"""Snapshots of the main screen at three sizes, idle and training; of the reward editor and of the bench."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from pgplay.app.screens.rewards.editor import RewardScreen
from pgplay.config.changes import Changes
from pgplay.worker.protocol.events import Changed, Refused
from tests.app.fake_worker import Bench, begin, coded, until, words

REWARD = """def reward(text, target, prompt):
    vowels = sum(one in "aeiou" for one in text)
    return {"score": len(text) / 10, "vowels": vowels}  # the longer the better
"""
SIZES = [(80, 24), (120, 36), (200, 50)]


async def unfolded(bench: Bench, pilot: Pilot[int], size: tuple[int, int]) -> None:
    """Wait for the rows of the settings, which only the largest size shows, and for their resolved values."""
    if size == SIZES[-1]:
        await until(pilot, lambda: bench.app.main.query("#setting-lr Input"))
        await until(pilot, lambda: bench.app.main.query_one("#setting-lr Input", Input).placeholder != "default")


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("size", SIZES)
def test_idle(size: tuple[int, int], snap_compare: Callable[..., bool]) -> None:
    bench = Bench(preset="hello")

    async def stand(pilot: Pilot[int]) -> None:
        await begin(bench, pilot)
        await unfolded(bench, pilot, size)
        await until(pilot, lambda: "ready" in words(bench, "#headline") and not bench.app.redraw_is_due)

    assert snap_compare(bench.app, terminal_size=size, run_before=stand)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("size", SIZES)
def test_training(size: tuple[int, int], snap_compare: Callable[..., bool]) -> None:
    bench = Bench(preset="hello")

    async def train(pilot: Pilot[int]) -> None:
        await begin(bench, pilot)
        await unfolded(bench, pilot, size)
        bench.worker.build("training")
        bench.worker.train(40, texts={"greedy": "hxllo", "best": "hello wrd"})
        bench.worker.train(143, after=40)
        await until(pilot, lambda: "step 143" in words(bench, "#samples") and not bench.app.redraw_is_due)

    assert snap_compare(bench.app, terminal_size=size, run_before=train)


def test_reward_editor(snap_compare: Callable[..., bool]) -> None:
    bench = Bench(preset="hello")

    async def fail(pilot: Pilot[int]) -> None:
        await begin(bench, pilot)
        bench.worker.build("training", reward="typed.py")
        bench.worker.train(40, texts={"greedy": "hello world", "best": "hello wrd", "top": "hxllo"})
        bench.worker.tell(Changed(settings=Changes(reward="typed.py"), step=30, reward_source=REWARD, request=1))
        await until(pilot, lambda: bench.app.state.step == 40)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(bench.app.screen, RewardScreen) and bench.app.screen.query("#checked"))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "vowels" in str(bench.app.screen.query_one("#checked", Static).render()))
        bench.worker.tell(Refused(*coded("It fails at line 3.", "It was given 'x'."), line=3))
        await until(pilot, lambda: "It fails" in str(bench.app.screen.query_one("#verdict", Static).render()))
        bench.app.screen.set_focus(None)

    assert snap_compare(bench.app, terminal_size=(120, 36), run_before=fail)
