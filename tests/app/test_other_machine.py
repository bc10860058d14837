"""The app whose worker is on another machine."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from textual.widgets import Static

from pgplay.runs.run_library import LocalRunLibrary
from pgplay.runs.summaries import RunSummary
from pgplay.worker.protocol.commands import Resume
from pgplay.worker.protocol.events import Saved
from tests.app.fake_worker import Bench, begin, until, words
from tests.app.stored_runs import store_run


def notices(bench: Bench) -> str:
    return " ".join(notice.message for notice in bench.app._notifications)


async def test_the_machine_is_named_and_what_is_stored_there_is_said_to_be_there() -> None:
    bench = Bench(engine="ssh:box")
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.train(40)
        await until(pilot, lambda: "pgplay on box" in words(bench, "#headline"))
        await pilot.press("o")
        await until(pilot, lambda: "policies --engine ssh:box" in notices(bench))
        bench.worker.tell(Saved(name="taught"))
        await until(pilot, lambda: "Saved as taught on box." in notices(bench))


class RunsOfBox(LocalRunLibrary):
    """The runs of another machine, which trains them, with a list that is fetched."""

    host = "box"
    fetched: Sequence[RunSummary] = ()

    def refresh(self) -> bool:
        self.fetched = [replace(run, state="training") for run in super().summaries()]
        return True

    def summaries(self) -> list[RunSummary]:
        return list(self.fetched)


async def test_a_run_that_trains_there_is_listed_shown_and_taken_over_with_its_curves() -> None:
    store_run("afar", 60, checkpoints=(30,))
    bench = Bench(engine="ssh:box")
    bench.app.run_library = RunsOfBox()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("u")
        await until(pilot, lambda: "takes it over" in str(bench.app.screen.query_one("#page-hint", Static).render()))
        assert str(bench.app.screen.query_one("#listing-title", Static).render()) == "Runs on box"
        await pilot.press("enter")
        await until(pilot, lambda: bench.sent(Resume))
        assert [command.run for command in bench.sent(Resume)] == ["afar"]
        bench.worker.build("training", run="afar", step=60)
        await until(pilot, lambda: bench.app.state.history.of("reward_mean").buckets)


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
