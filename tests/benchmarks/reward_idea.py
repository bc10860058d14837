"""The time from a reward typed in the app to the first reward point trained with it.

    python -m tests.benchmarks.reward_idea [TIMES]

The whole app with its real worker, without a terminal: the text is in the editor, ctrl+s is pressed, and the clock
stops when a step made after the change has reached the curves.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

from textual.pilot import Pilot

from pgplay.app.app import PgplayApp
from pgplay.app.screens.rewards.editor import RewardScreen
from pgplay.config.run_config import make_config
from pgplay.worker.protocol.events import Changed

IDEA = """def reward(text, target, prompt):
    right = sum(one == other for one, other in zip(text, target))
    return {{"score": right / max(len(text), len(target)) - {number} * 1e-6, "right": right}}
"""
FORMULA = "0.8*levenshtein + 0.2*prefix - {number} * 1e-6"
PATIENCE = 60.0


async def until(pilot: Pilot[int], condition: Callable[[], object], seconds: float = PATIENCE) -> float:
    """Return the seconds until `condition` holds, checked each millisecond while the app's own loop runs."""
    began = time.perf_counter()
    while not condition():
        if time.perf_counter() - began > seconds:
            raise TimeoutError("What was waited for did not happen.")
        await asyncio.sleep(0.001)
    return time.perf_counter() - began


async def measure(times: int) -> dict[str, list[float]]:
    """Return the seconds from ctrl+s to the first new point, `times` for Python and for formulas."""
    app = PgplayApp(make_config({"until": "never", "model": "gru-small"}))
    changes: list[int] = []
    found: dict[str, list[float]] = {"python": [], "formula": []}
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.state.worker == "ready")
        await pilot.press("space")
        await until(pilot, lambda: app.state.step > 20)
        apply = app.state.apply

        def watched(event: object) -> None:
            if isinstance(event, Changed):
                changes.append(event.step)
            apply(event)  # type: ignore[arg-type]

        app.state.apply = watched  # type: ignore[method-assign,assignment]
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, RewardScreen) and app.screen.query("#checked"))
        for number in range(times):
            for kind, idea in (("python", IDEA), ("formula", FORMULA)):
                screen = app.screen
                assert isinstance(screen, RewardScreen)
                screen.code.text = idea.format(number=number + 1)
                await asyncio.sleep(0.5)
                changes.clear()
                began = time.perf_counter()
                screen.action_apply()
                await until(pilot, lambda: changes and app.state.history.last_step > changes[0])
                found[kind].append(time.perf_counter() - began)
    return found


def main() -> None:
    """Print medians and extremes."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory() as home:
        os.environ["PGPLAY_HOME"] = home
        found = asyncio.run(measure(times))
    print(f"from ctrl+s to the first new reward point, {times} times, at a load of {os.getloadavg()[0]:.1f}")
    for kind, seconds in found.items():
        median, low, high = statistics.median(seconds), min(seconds), max(seconds)
        print(f"{kind:<8} {1000 * median:6.0f} ms  (from {1000 * low:.0f} to {1000 * high:.0f})")


if __name__ == "__main__":
    main()
