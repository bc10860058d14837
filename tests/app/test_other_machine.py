"""The app whose worker is on another machine."""

from __future__ import annotations

import pytest

from pgplay.worker.protocol.events import Saved
from tests.app.fake_worker import Bench, begin, until, words


def notices(bench: Bench) -> str:
    return " ".join(notice.message for notice in bench.app._notifications)


async def test_the_machine_is_named_and_what_is_stored_there_is_said_to_be_there() -> None:
    bench = Bench(engine="ssh:box")
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.train(40)
        await until(pilot, lambda: "pgplay on box" in words(bench, "#headline"))
        for key, said in {"u": "runs --engine ssh:box", "o": "policies --engine ssh:box", "h": "stored on box"}.items():
            bench.app.clear_notifications()
            await pilot.press(key)
            await until(pilot, lambda said=said: said in notices(bench))
        bench.worker.tell(Saved(name="taught"))
        await until(pilot, lambda: "Saved as taught on box." in notices(bench))


@pytest.mark.parametrize(
    ("engine", "place"),
    [("local", "pgplay  "), ("processes:2", "pgplay on 2 processes"), ("ssh:box:gpus:2", "pgplay on box, 2 GPUs")],
)
async def test_the_headline_says_where_runs_are_trained(engine: str, place: str) -> None:
    bench = Bench(engine=engine)
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await until(pilot, lambda: place in words(bench, "#headline"))


async def test_a_broken_link_says_how_to_come_back() -> None:
    bench = Bench(engine="ssh:box")
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.train(40)
        await until(pilot, lambda: bench.app.state.step == 40)
        bench.worker.die(255, "Timeout, server box not responding.")
        await until(pilot, lambda: bench.app.screen.query("#resume"))
        shown = " ".join(str(widget.render()) for widget in bench.app.screen.query("Static"))
        assert "The link to box broke" in shown
        assert "pgplay watch --engine ssh:box a-run" in shown


async def test_a_machine_that_cannot_be_reached_is_told_in_words() -> None:
    bench = Bench(engine="ssh:box")
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: bench.workers)
        bench.worker.die(255, "ssh: connect to host box port 22: Connection refused")
        await until(pilot, lambda: bench.app.screen.query("#close"))
        shown = " ".join(str(widget.render()) for widget in bench.app.screen.query("Static"))
        assert "no ssh server answers" in shown
