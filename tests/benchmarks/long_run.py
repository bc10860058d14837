"""The app's memory over the steps of an hour's run, which a fake worker reports as fast as the app takes them.

    python -m tests.benchmarks.long_run [--steps 250000] [--json]

It prints the resident memory and the number of objects tracked by the garbage collector, ten times along the run. Every
metric is reported at each step, with new samples and traces each time; everything is drawn as often as the machine can,
and pages are opened and closed. The app is headless: `responsiveness` measures the memory of a real one for some
minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import string
import tempfile
from typing import Any
from unittest.mock import patch

import msgspec
import psutil
from textual.pilot import Pilot

from pgplay.app import render_queue
from pgplay.learning.reports.metrics import METRICS
from pgplay.learning.reports.step_report import Trace
from pgplay.worker.protocol.events import Snapshot
from tests.app.fake_worker import TEXTS, Bench, opened, snapshot

PARTS = 10
STEPS_A_SNAPSHOT = 100
PAGES = ("i", "full_stop", "d", "a", "k")


def told(last: int, rolls: random.Random) -> Snapshot:
    """Return a worker's report of the steps up to `last`, all of it new."""

    def metrics(_: int) -> dict[str, float]:
        return {name: rolls.random() for name in METRICS}

    def trace() -> Trace:
        return Trace(tuple(rolls.random() for _ in range(12)), 0.0, 1.0, tuple(rolls.randrange(64) for _ in range(20)))

    first = last - STEPS_A_SNAPSHOT
    texts = {role: "".join(rolls.choices(string.ascii_lowercase + " ", k=11)) for role in TEXTS}
    traces = tuple((step, trace()) for step in range(first + 1, last + 1))
    return msgspec.structs.replace(snapshot(last, after=first, texts=texts, metrics=metrics), traces=traces)


async def train(bench: Bench, pilot: Pilot[int], steps: range, rolls: random.Random) -> None:
    """Report `steps` and have them shown; then open and close each page."""
    for last in steps:
        bench.worker.tell(told(last, rolls))
        while bench.app.state.step < last or bench.app.redraw_is_due:
            await asyncio.sleep(0)
    for key in PAGES:
        await pilot.press(key, "escape")
        while bench.app.screen is not bench.app.main:
            await asyncio.sleep(0)


async def run(steps: int) -> list[dict[str, float]]:
    """Return the measurements after each tenth of `steps`."""
    rolls, process, rows = random.Random(1), psutil.Process(), []
    part = STEPS_A_SNAPSHOT * max(1, steps // PARTS // STEPS_A_SNAPSHOT)
    with patch.multiple(render_queue, INTERVAL=0.0, SHARE_OF_TIME=1.0):
        async with opened() as (bench, pilot):
            bench.worker.build()
            for end in range(part, PARTS * part + 1, part):
                await train(bench, pilot, range(end - part + STEPS_A_SNAPSHOT, end + 1, STEPS_A_SNAPSHOT), rolls)
                gc.collect()
                rows.append({"step": end, "mb": round(process.memory_info().rss / 1e6, 1),
                             "objects": len(gc.get_objects())})  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=250_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["PGPLAY_HOME"] = home
        rows = asyncio.run(run(options.steps))
    found: dict[str, Any] = {"tenths": rows, "grew_mb": round(rows[-1]["mb"] - rows[0]["mb"], 1)}
    if options.json:
        print(json.dumps(found))
        return
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()))
    print(f"after the first tenth it grew by {found['grew_mb']} MB")


if __name__ == "__main__":
    main()
