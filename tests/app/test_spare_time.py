"""What no key should wait for: pages are loaded beforehand, and what was closed is let go of in a pause."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator

import pytest
from textual.strip import Strip

from pgplay.app.spare_time import SpareTime
from tests.app.fake_worker import Bench, opened, until


@pytest.fixture(autouse=True)
def python_as_it_was() -> Iterator[None]:
    before = gc.get_threshold()
    gc.collect()  # what tests before left behind would be kept, and with it whatever it holds
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def spare_time(bench: Bench) -> SpareTime:
    """The app's spare time, begun: by itself it does so only where there is a terminal."""
    bench.app._spare_time.begin()
    return bench.app._spare_time


async def test_a_closed_page_is_let_go_of_once_no_key_is_pressed() -> None:
    async with opened() as (bench, pilot):
        spare_time(bench)
        await pilot.press("i")
        page = weakref.ref(bench.app.screen)
        await pilot.press("escape")
        assert page() is not None
        await until(pilot, lambda: page() is None)


@pytest.mark.parametrize("key", ["i", "full_stop"])
async def test_pages_that_were_closed_keep_nothing_that_they_drew(key: str) -> None:
    async with opened() as (bench, pilot):
        bench.worker.build()
        bench.worker.train(40)
        drawn = []
        for _ in range(4):
            for _ in range(3):
                await pilot.press(key, "escape")
                await until(pilot, lambda: bench.app.screen is bench.app.main)
            gc.collect()
            drawn.append(sum(type(one) is Strip for one in gc.get_objects()))
        assert drawn[-1] <= drawn[1] + 20


def test_all_pages_are_loaded_beforehand() -> None:
    program = """
import asyncio, os, sys, tempfile
os.environ["PGPLAY_HOME"] = tempfile.mkdtemp()
from tests.app.fake_worker import Bench
from tests.app.opened import OPENINGS, go_to, prepare

async def open_all():
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await prepare(bench, pilot)
        bench.app._spare_time._load()
        before = set(sys.modules)
        for name in OPENINGS:
            await go_to(name, bench, pilot)
            while len(bench.app.screen_stack) > 1:
                await bench.app.pop_screen()
            await pilot.pause()
        print(sorted(set(sys.modules) - before))

asyncio.run(open_all())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"
