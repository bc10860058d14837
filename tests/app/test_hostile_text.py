"""Text of others on every page: brackets stay as typed, no control character reaches the terminal, nothing falls."""

from __future__ import annotations

import re

import pytest
from textual.widgets import Input

from pgplay.app.screens.main import MainScreen
from pgplay.config.run_config import make_config
from tests.app.fake_worker import Bench, begin, until

STEERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
BRACKETED = ['contains("[/INST]")', 'regex("[aeiou]")', 'contains("[@click=x]")']
HOSTILE = 'contains("[/INST]a\x1b]0;owned\x07\x9b31m\u202eb")'
PAGES = ["j", "ctrl+r", "y", "i", "f1", "question_mark", "a", "w", "o", "u", "x", "p"]


def shown(bench: Bench) -> str:
    """Return all that the screen draws, with the titles of its borders."""
    screen = bench.app.screen
    return "\n".join("".join(segment.text for segment in strip) for strip in screen._compositor.render_strips())


@pytest.mark.parametrize("key", PAGES)
async def test_every_page_opens_with_a_reward_of_others_and_steers_nothing(key: str) -> None:
    bench = Bench(make_config({"target": "a [/b] [red]", "reward": HOSTILE}))
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training", target="a [/b] [red]", reward=HOSTILE)
        bench.worker.train(3)
        await pilot.press(key)
        await pilot.pause()
        assert not STEERS.search(shown(bench))
        await pilot.press("escape")


@pytest.mark.parametrize("reward", BRACKETED)
async def test_the_reward_stands_on_the_bench_as_it_was_typed(reward: str) -> None:
    bench = Bench(make_config({"target": "aaaa", "reward": reward}))
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("j")
        await until(pilot, lambda: not isinstance(bench.app.screen, MainScreen) and reward in shown(bench))


async def test_a_loaded_reward_shows_signs_and_keeps_what_it_says() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        setup = bench.app.main.setup
        setup.load(make_config({"reward": HOSTILE}), origin="a recipe")
        await pilot.pause()
        field = setup.query_one("#own-reward", Input)
        assert "␛]0;owned␇" in field.value
        assert not STEERS.search(field.value)
        assert setup.typed["reward"] == HOSTILE
