"""Work of idle moments: pages are loaded in advance, and closed ones are freed."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest
from textual.strip import Strip

from tests.app.fake_worker import opened, until


def told_by(program: str) -> str:
    """Return what `program` prints, in a new process: in this one other tests have already run apps."""
    beginning = "import asyncio, os, sys, tempfile\nos.environ['PGPLAY_HOME'] = tempfile.mkdtemp()\n"
    words = [sys.executable, "-c", beginning + program]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=120).stdout.strip()


@pytest.mark.exhaustive
def test_a_closed_page_is_freed_once_no_key_is_pressed() -> None:
    told = told_by("""
import weakref
from tests.app.fake_worker import opened, until

async def open_and_close():
    async with opened() as (bench, pilot):
        bench.app._spare_time.begin()  # by itself it does so only where there is a terminal
        await pilot.press("i")
        page = weakref.ref(bench.app.screen)
        await pilot.press("escape")
        await until(pilot, lambda: page() is None)
        print("freed")

asyncio.run(open_and_close())
""")
    assert told.split() == ["freed"]


@pytest.mark.exhaustive
@pytest.mark.parametrize("key", ["i", "full_stop"])
async def test_closed_pages_keep_nothing_that_they_drew(key: str) -> None:
    async with opened() as (bench, pilot):
        bench.worker.build()
        bench.worker.train(40)
        drawn = []
        for _ in range(3):
            for _ in range(2):
                await pilot.press(key, "escape")
                await until(pilot, lambda: bench.app.screen is bench.app.main)
            gc.collect()
            drawn.append(sum(type(one) is Strip for one in gc.get_objects()))
        assert drawn[-1] <= drawn[1] + 20


@pytest.mark.exhaustive
def test_all_pages_are_loaded_in_advance() -> None:
    told = told_by("""
from pgplay.experiments.statistics.estimates import load_scipy
from tests.app.fake_worker import Bench
from tests.app.screens import OPENINGS, go_to, prepare

async def open_all():
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await prepare(bench, pilot)
        bench.app._spare_time._load()
        load_scipy()  # a sweep's page shows its runs before this is loaded, in a thread
        before = set(sys.modules)
        for name in OPENINGS:
            await go_to(name, bench, pilot)
            while len(bench.app.screen_stack) > 1:
                await bench.app.pop_screen()
            await pilot.pause()
        print(sorted(set(sys.modules) - before))

asyncio.run(open_all())
""")
    assert told == "[]"
