"""The bench: text is scored by every chosen reward as it is typed; a probe is requested from the worker and shown."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from rich.style import Style
from textual.pilot import Pilot
from textual.widgets import Input, Static, TextArea

from pgplay.app.screens.rewards import bench_text
from pgplay.app.screens.rewards.bench import RewardBench
from pgplay.app.widgets.reward_picker import RewardList
from pgplay.config.run_config import to_settings
from pgplay.errors import RewardError
from pgplay.locale.catalog import evidence_sentences, verdict_words
from pgplay.rewards.catalogue import REWARDS
from pgplay.rewards.probe.probe import measure_reward
from pgplay.rewards.probe.verdict import judge
from pgplay.rewards.records import Triple
from pgplay.rewards.reward import build_reward
from pgplay.worker.protocol.commands import ProbeReward
from pgplay.worker.protocol.events import Probed, Refused
from tests.app.fake_worker import Bench, begin, coded, until

PYTHON = 'def reward(text, target, prompt):\n    return {"score": len(text), "prompted": len(prompt)}\n'


async def opened(bench: Bench, pilot: Pilot[int]) -> RewardBench:
    await begin(bench, pilot)
    await pilot.press("j")
    await until(pilot, lambda: isinstance(bench.app.screen, RewardBench) and bench.app.screen.query("#scores"))
    assert isinstance(bench.app.screen, RewardBench)
    return bench.app.screen


def said(screen: RewardBench, selector: str) -> str:
    return str(screen.query_one(selector, Static).render())


def row(screen: RewardBench, name: str) -> list[str]:
    return next((line.split()[1:] for line in said(screen, "#scores").splitlines() if line.split()[:1] == [name]), [])


def at(rewards: RewardList, spec: str) -> int:
    shown = [str(option.prompt).strip("✓ ") for option in rewards.options]
    return shown.index(spec)


async def test_every_chosen_reward_shows_its_score_of_the_typed_text_with_the_alignment() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        screen = await opened(bench, pilot)
        screen.query_one("#texts-typed", TextArea).text = ""
        await pilot.press(*"hellO", "enter", *"hello world")
        await until(pilot, lambda: row(screen, "levenshtein") == ["0.36", "1.00"])
        assert row(screen, "exact") == ["0.00", "1.00"]
        assert "hell······O   7 edits" in said(screen, "#scores")
        assert "the target" in said(screen, "#scores")
        screen.query_one("#bench-target", Input).value = "hellO"
        await until(pilot, lambda: row(screen, "exact") == ["1.00", "0.00"])


async def test_space_chooses_rewards_and_typed_ones_join_with_their_parts(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(PYTHON)
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        screen = await opened(bench, pilot)
        screen.query_one("#texts-typed", TextArea).text = "abc"
        rewards = screen.query_one(RewardList)
        rewards.focus()
        rewards.highlighted = at(rewards, "levenshtein")
        await pilot.press("space")
        await until(pilot, lambda: row(screen, "prefix") and not row(screen, "levenshtein"))
        screen.query_one("#bench-prompt", Input).value = "prompt"
        own = screen.query_one("#own", Input)
        own.value = str(file)
        await until(pilot, lambda: row(screen, "prompted") == ["6.00"])
        own.value = "levenstein"
        await until(pilot, lambda: "Did you mean 'levenshtein'?" in said(screen, "#scores"))
        assert row(screen, "prefix")


@pytest.mark.exhaustive
@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_bench_describes_the_reward_under_the_cursor(size: tuple[int, int]) -> None:
    bench = Bench()
    async with bench.app.run_test(size=size) as pilot:
        screen = await opened(bench, pilot)
        rewards = screen.query_one(RewardList)
        rewards.focus()
        for reward in REWARDS.values():
            rewards.highlighted = at(rewards, reward.spec)
            await until(pilot, lambda reward=reward: reward.description in said(screen, "#bench-title"))
            await pilot.pause()
            title = screen.query_one("#bench-title", Static)
            assert len(textwrap.wrap(said(screen, "#bench-title"), title.size.width)) <= title.size.height


async def test_a_probe_of_the_reward_under_the_cursor_is_requested_and_shown() -> None:
    written = [Triple(text, "ab", "") for text in ("a", "b", "ab", "ba")]
    with build_reward("prefix") as reward:
        found = measure_reward(reward, written, alphabet="ab", max_length=3, group_size=2)
    bench = Bench()
    async with bench.app.run_test(size=(120, 36)) as pilot:
        screen = await opened(bench, pilot)
        rewards = screen.query_one(RewardList)
        rewards.focus()
        rewards.highlighted = at(rewards, "prefix")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: bench.sent(ProbeReward))
        assert to_settings(bench.sent(ProbeReward)[0].config) == {"reward": "prefix"}
        bench.worker.answer(Probed(probe=found, verdict=judge(found)))
        await until(pilot, lambda: verdict_words(judge(found).kind) in said(screen, "#probed"))
        assert "4 completions" in said(screen, "#probed")
        assert evidence_sentences(judge(found).evidence)[0][:40] in said(screen, "#probed").replace("\n", " ")


async def test_a_reward_that_cannot_be_probed_is_reported_on_the_bench_and_keys_stay_free() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(80, 24)) as pilot:
        screen = await opened(bench, pilot)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: bench.sent(ProbeReward))
        bench.worker.answer(Refused(*coded("It divides by zero.", "Keep the divisor above 0.")))
        await until(pilot, lambda: "It divides by zero." in said(screen, "#probed"))
        assert screen.query_one("#probe").display
        await pilot.press("x")
        await until(pilot, lambda: screen.query_one("#side-by-side").display)
        await pilot.press("escape")
        await until(pilot, lambda: bench.app.screen is bench.app.main)


@pytest.mark.parametrize(
    ("values", "drawn"),
    [([0, 1, 2, 4], " ▃▅█"), ([0.0, 0.0], "▁▁"), ([-2.0, 0.0], " █"), ([5.0], "█")],
)
def test_bars_reach_from_zero_to_the_highest(values: list[float], drawn: str) -> None:
    assert bench_text.bars(values) == drawn


def test_the_table_marks_the_best_and_shows_failures() -> None:
    styles = {name: Style() for name in ("muted", "role", "now", "worse")} | {"better": Style(bold=True)}
    with build_reward("levenshtein") as reward:
        scores = reward.score(["ab", "a"], ["ab", "ab"], ["", ""])
        table = bench_text.table(["levenshtein", "mine.py"], [scores, RewardError("text", text="It failed.")], styles)
    assert "1.00   0.50" in table.plain
    assert "✗ It failed." in table.plain
    best = [table.plain[span.start : span.end].strip() for span in table.spans if span.style == Style(bold=True)]
    assert best == ["1.00"]
