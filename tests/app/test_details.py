"""The details page: further findings, measures and parts of the reward, and printed lines."""

from __future__ import annotations

from pgplay.app.screens.dialogs.details import DetailsScreen
from pgplay.app.widgets.two_column_text import TwoColumnText
from pgplay.learning.reports.step_report import Finding
from pgplay.worker.protocol.events import Log
from tests.app.fake_worker import Bench, begin, curve, until, words

FINDINGS = (
    Finding("low-entropy", {"entropy": 0.015}),
    Finding("tied-rewards", {"tied": 0.95}),
)


def measured(step: int) -> dict[str, float]:
    return {**curve(step), "measure:[b]exact[/b]": 0.125, "part:rhyme": 0.5}


def page(bench: Bench) -> str:
    """The text of the page without its layout."""
    return " ".join(word for rows in bench.app.screen.query(TwoColumnText) for word in rows.plain.split())


async def test_details_show_every_finding_number_and_printed_line() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        await pilot.press("i")
        await until(pilot, lambda: isinstance(bench.app.screen, DetailsScreen) and "No step" in page(bench))
        bench.worker.build("training")
        bench.worker.train(30, findings=FINDINGS, metrics=measured)
        bench.worker.tell(Log(line="scored [@click=app.quit]hxllo[/]"))
        await until(pilot, lambda: "hxllo" in page(bench))
        assert "Entropy is down to 0.015 nats per token" in page(bench)
        assert "Raise entropy before it collapses." in page(bench)
        assert "95% of the groups are tied" in page(bench)
        assert "Choose a finer-grained reward" in page(bench)
        assert "measure 0.125 [b]exact[/b]" in page(bench)
        assert "part 0.5 rhyme" in page(bench)
        assert "gradient_norm 0.4 Euclidean norm" in page(bench)
        assert "scored [@click=app.quit]hxllo[/]" in page(bench)
        await pilot.press("escape")
        assert bench.app.screen is bench.app.main


async def test_the_main_screen_shows_measures_and_says_that_there_are_more_findings() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        bench.worker.build("training")
        bench.worker.train(30, findings=FINDINGS, metrics=measured)
        await until(pilot, lambda: "Entropy is down to 0.015 nats per token" in words(bench, "#finding"))
        assert "i: 1 more" in words(bench, "#finding")
        samples = bench.app.main.query_one("#samples")
        assert samples._border_title.plain == "Samples · 64 this step · 41 distinct · [b]exact[/b] 0.12"
