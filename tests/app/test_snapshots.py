"""Pictures of the main screen at three sizes, idle and in training."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.app.fake_worker import Bench, begin, until, words

SIZES = [(80, 24), (120, 36), (200, 50)]


async def unfolded(bench: Bench, pilot: Pilot[int], size: tuple[int, int]) -> None:
    """Wait for the rows of the settings, which only the largest size shows, and for what they come to."""
    if size == SIZES[-1]:
        await until(pilot, lambda: bench.app.main.query("#setting-lr Input"))
        await until(pilot, lambda: bench.app.main.query_one("#setting-lr Input", Input).placeholder != "default")


@pytest.mark.parametrize("size", SIZES)
def test_idle(size: tuple[int, int], snap_compare: Callable[..., bool]) -> None:
    bench = Bench(preset="hello")

    async def stand(pilot: Pilot[int]) -> None:
        await begin(bench, pilot)
        await unfolded(bench, pilot, size)
        await until(pilot, lambda: "ready" in words(bench, "#headline") and not bench.app.redraw_is_due)

    assert snap_compare(bench.app, terminal_size=size, run_before=stand)


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
