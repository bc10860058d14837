"""The main screen at every size: nothing breaks or is cut off, and a tiny terminal says what it needs."""

from __future__ import annotations

from functools import partial

import pytest
from textual.widgets._footer import FooterKey

from pgplay.app.screens.dialogs.base import WAYS_OUT, Keys
from tests.app.fake_worker import Bench, begin, until, words
from tests.app.screens import OPENINGS, go_to, prepare

SIZES = [(1, 1), (20, 5), (59, 40), (60, 18), (80, 24), (100, 30), (200, 20), (200, 50)]


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("sizes", [SIZES, SIZES[::-1]], ids=["growing", "shrinking"])
async def test_it_runs_at_any_size_and_follows_resizing(sizes: list[tuple[int, int]]) -> None:
    bench = Bench()
    async with bench.app.run_test(size=sizes[0]) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.train(60)
        await until(pilot, lambda: bench.app.state.step == 60 and not bench.app.redraw_is_due)
        for width, height in sizes:
            await pilot.resize_terminal(width, height)
            await until(pilot, partial(fits, bench, width, height))


def fits(bench: Bench, width: int, height: int) -> bool:
    """Whether the screen is drawn for this size: a word about its size, or plot, samples and lines within it."""
    too_small, body = (bench.app.main.query_one(selector).display for selector in ("#too-small", "#body"))
    if width < 60 or height < 18:
        return too_small and not body
    lines = [words(bench, selector) for selector in ("#headline", "#status", "#keys")]
    drawn = "┤" in words(bench, "#plot-1") and "greedy" in words(bench, "#samples")
    return body and not too_small and drawn and all(len(line) <= width - 2 for line in lines)


@pytest.mark.matrix
@pytest.mark.parametrize("name", OPENINGS)
async def test_help_and_quit_are_visible_on_the_smallest_screen(name: str) -> None:
    bench = Bench()
    async with bench.app.run_test(size=(60, 18)) as pilot:
        await prepare(bench, pilot)
        screen = await go_to(name, bench, pilot)
        seen = {key.key for key in screen.query(FooterKey) if key.region.right <= 60}
        assert not screen.query(Keys) or len(seen & set(WAYS_OUT)) == 2
        if screen.query(Keys):
            await pilot.resize_terminal(200, 18)
            await until(pilot, lambda: len({key.key for key in screen.query(FooterKey)[-3:]} & set(WAYS_OUT)) == 2)


async def test_the_setup_opens_over_the_plots_on_a_narrow_screen() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(80, 24)) as pilot:
        await begin(bench, pilot)
        setup = bench.app.main.setup
        assert not setup.display
        await pilot.press("t")
        assert setup.display
        assert bench.app.main.query_one("#plot-1").size.width > 40
        await pilot.press("escape")
        assert not setup.display


async def test_the_setup_hides_in_favour_of_the_plots_on_a_wide_screen() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        before = bench.app.main.query_one("#plot-1").size.width
        await pilot.press("t")
        await until(pilot, lambda: bench.app.main.query_one("#plot-1").size.width > before + 30)
