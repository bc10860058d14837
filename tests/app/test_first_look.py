"""The page before the first step: the request to the worker, and the answer on the screen."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot
from textual.widgets import Static

from pgplay.app.screens.dialogs.first_look import WELL, FirstLookScreen
from pgplay.learning.reports.first_look import FirstLook
from pgplay.policies.memory import MemoryForecast
from pgplay.worker.protocol.commands import LookFirst, Start
from pgplay.worker.protocol.events import LookedFirst, Refused
from tests.app.fake_worker import Bench, begin, coded, sample, until

MEMORY = MemoryForecast(540_000_000, 10_000_000, 30_000_000, 0, 1_000_000_000, 256_000_000)


def look(**changes: Any) -> FirstLook:
    facts: dict[str, Any] = {
        "completions": 64, "earning": 0.5, "mean": 0.25, "distinct": 60, "ended": 0.75, "tied_groups": 0.0,
        "max_length": 32, "seconds": 7.5, "samples": (sample("top", "[/b]one", 0.75, 0, target=""),), "memory": MEMORY,
    }  # fmt: skip
    return FirstLook(**{**facts, **changes})


async def opened(bench: Bench, pilot: Pilot[Any]) -> None:
    await begin(bench, pilot)
    await pilot.press("L")
    await until(pilot, lambda: isinstance(bench.app.screen, FirstLookScreen))


def words(bench: Bench) -> str:
    return str(bench.app.screen.query_one(".words", Static).render())


async def test_a_look_before_training_starts_no_run_and_shows_shares_cost_and_texts() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(80, 24)) as pilot:
        await opened(bench, pilot)
        (asked,) = bench.sent(LookFirst)
        assert asked.config.target == "hello world"
        assert not bench.sent(Start)
        bench.worker.answer(LookedFirst(look=look()))
        await until(pilot, lambda: WELL in words(bench))
        shown = words(bench)
        assert "50% score above 0 (mean reward 0.25), 60 are distinct, 75% end with a stop token" in shown
        assert "about 7.5 s" in shown
        assert "1.8 GB" in shown
        assert "activations 1.0 GB" in shown
        assert "cache" not in shown
        assert "0.75  [/b]one" in shown


async def test_problems_that_prevent_learning_are_shown_with_remedies() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await opened(bench, pilot)
        bench.worker.answer(LookedFirst(look=look(ended=0.0, tied_groups=1.0, memory=None)))
        await until(pilot, lambda: "max_length" in words(bench))
        assert "100% of the groups are tied" in words(bench)
        assert WELL not in words(bench)
        assert "Memory" not in words(bench)


async def test_a_refused_look_says_why() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await opened(bench, pilot)
        bench.worker.answer(Refused(*coded("There is no memory for it.", "Choose a smaller model.")))
        await until(pilot, lambda: "no memory for it. Choose a smaller model." in words(bench))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(bench.app.screen, FirstLookScreen))
