"""The reward editor: typed, checked, applied, refused, fixed; with the fake worker and real rewards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from pgplay.app.rewards.draft import (
    TEMPLATE,
    Draft,
    draft_of,
    keep_imported_source,
    looks_like_python,
    new_name,
    write_reward_file,
)
from pgplay.app.screens.dialogs.failure import FailureCard
from pgplay.app.screens.rewards.editor import RewardScreen
from pgplay.app.widgets.log_pane import LogPane
from pgplay.config.changes import Changes
from pgplay.config.run_config import make_config
from pgplay.errors import PgplayError
from pgplay.rewards.spec import read_spec
from pgplay.worker.protocol.commands import Change, Resume
from pgplay.worker.protocol.events import Changed, Failed, Log, Refused, StateChanged
from tests.app.fake_worker import Bench, coded, opened, until

PYTHON = """def reward(text, target, prompt):
    print("seen", text)
    return {"score": len(text) / 10, "size": 1.0}
"""

SLOW = """import os
def reward(text, target, prompt):
    while not os.path.exists({gate!r}):
        pass
    return 7.0
"""


@asynccontextmanager
async def editing(*, training: bool = True) -> AsyncIterator[tuple[Bench, Pilot[int], RewardScreen]]:
    """An app with its editor open, on a run of thirty steps or on none."""
    async with opened() as (bench, pilot):
        if training:
            bench.worker.build("training")
            bench.worker.train(30)
            await until(pilot, lambda: bench.app.state.step == 30)
        await pilot.press("e")
        yield bench, pilot, await editor(bench, pilot)


async def editor(bench: Bench, pilot: Pilot[int]) -> RewardScreen:
    await until(pilot, lambda: isinstance(bench.app.screen, RewardScreen) and bench.app.screen.query("#checked"))
    assert isinstance(bench.app.screen, RewardScreen)
    return bench.app.screen


def said(screen: RewardScreen, selector: str) -> str:
    return str(screen.query_one(selector, Static).render())


async def test_a_formula_is_scored_beside_the_present_rewards_while_it_is_typed() -> None:
    async with editing() as (bench, pilot, screen):
        assert screen.code.text == "levenshtein"
        await pilot.press(*"*2 - 1")
        await until(pilot, lambda: "hello world" in said(screen, "#checked") and "+0.10" in said(screen, "#checked"))
        assert "0.90" in said(screen, "#checked")  # the run's own scores of its samples
        await pilot.press("*")
        await until(pilot, lambda: "is not a formula" in said(screen, "#verdict"))
        assert bench.sent(Change) == []


async def test_checking_python_shows_old_new_change_parts_and_prints_and_does_not_affect_the_run() -> None:
    async with editing() as (bench, pilot, screen):
        screen.code.text = PYTHON
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "size 1.00" in said(screen, "#checked"))
        lines = said(screen, "#checked").splitlines()
        assert lines[0].split() == ["now", "new", "change", "text"]
        assert next(line for line in lines if "hello world" in line).split()[:3] == ["0.90", "1.10", "+0.20"]
        await until(pilot, lambda: "seen hello world" in bench.app.state.log)
        assert bench.worker.commands == []


async def test_no_key_waits_for_a_reward_in_check(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    async with editing() as (_, pilot, screen):
        slow = SLOW.format(gate=str(gate))
        screen.code.text = slow
        screen.code.move_cursor(screen.code.document.end)
        await pilot.press("ctrl+r")
        await pilot.press(*"# typed meanwhile")
        assert screen.code.text == slow + "# typed meanwhile"
        assert "7.00" not in said(screen, "#checked")
        gate.touch()
        await until(pilot, lambda: "7.00" in said(screen, "#checked"))


async def test_lines_printed_by_the_worker_reach_the_pane() -> None:
    async with editing() as (bench, pilot, screen):
        pane = screen.query_one(LogPane)
        bench.worker.tell(Log(line="one"))
        bench.worker.tell(Log(line="[/x]\x1b[31m two"))
        await until(pilot, lambda: [strip.text.rstrip() for strip in pane.lines] == ["one", "[/x]␛[31m two"])


async def test_applying_sends_the_text_and_saves_it_once_the_worker_has_taken_it(home: Path) -> None:
    async with editing() as (bench, pilot, screen):
        screen.code.text = PYTHON
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bench.sent(Change))
        (change,) = bench.sent(Change)
        assert (change.settings, change.rewards[0].code) == (Changes(reward="my_reward.py"), PYTHON)
        assert not (home / "rewards" / "my_reward.py").exists()
        bench.worker.tell(
            Changed(settings=change.settings, step=31, reward_source=PYTHON, request=bench.worker.request(Change))
        )
        await until(pilot, lambda: "from step 32 on" in said(screen, "#verdict"))
        assert (home / "rewards" / "my_reward.py").read_text() == PYTHON
        await pilot.press("escape")
        await until(pilot, lambda: bench.app.state.settings == {"reward": "my_reward.py"})
        await pilot.press("e")
        again = await editor(bench, pilot)
        assert again.code.text == PYTHON
        assert len(bench.sent(Change)) == 1


async def test_a_refused_reward_shows_the_line_and_its_inputs_and_the_text_stays() -> None:
    async with editing() as (bench, pilot, screen):
        screen.code.text = PYTHON
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bench.sent(Change))
        bench.worker.tell(
            Refused(*coded("reward raised ValueError (line 3: return).", "It was given the text 'zzz' (target 'q')."),
                line=3,
                given=("zzz", "q", "", ()),
                request=bench.worker.request(Change),
            )
        )
        await until(pilot, lambda: "line 3: return" in said(screen, "#verdict"))
        assert "'zzz' (target 'q')" in said(screen, "#verdict")
        assert screen.code.cursor_location[0] == 2
        assert screen.code.text == PYTHON
        await pilot.press("ctrl+r")  # the text that it failed on is checked first
        await until(pilot, lambda: "failed" in said(screen, "#checked"))
        assert said(screen, "#checked").splitlines()[1].split()[:2] == ["failed", "0.30"]


async def test_python_that_fails_on_a_sample_is_not_sent() -> None:
    async with editing() as (bench, pilot, screen):
        screen.code.text = "def reward(text, target, prompt):\n    return 1 / (len(text) - 11)\n"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "ZeroDivisionError" in said(screen, "#verdict"))
        assert "'hello world'" in said(screen, "#verdict")
        assert screen.code.cursor_location == (1, 4)
        assert bench.sent(Change) == []


async def test_without_a_run_applying_saves_the_reward_and_puts_it_into_the_setup(home: Path) -> None:
    async with editing(training=False) as (bench, pilot, screen):
        await pilot.press("ctrl+t")
        assert screen.code.text == TEMPLATE
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Press escape, then space, to train with it." in said(screen, "#verdict"))
        assert (home / "rewards" / "my_reward.py").read_text() == TEMPLATE
        await until(pilot, lambda: bench.app.state.settings == {"reward": "my_reward.py"})
        assert bench.worker.commands == []


async def test_text_that_was_typed_but_not_applied_is_restored() -> None:
    async with editing() as (bench, pilot, _):
        await pilot.press(*" + 1", "escape")
        await until(pilot, lambda: not isinstance(bench.app.screen, RewardScreen))
        await pilot.press("e")
        assert (await editor(bench, pilot)).code.text == "levenshtein + 1"


async def test_a_saved_file_is_followed_and_reported() -> None:
    async with opened() as (bench, pilot):
        bench.worker.build("training", reward="mine.py")
        bench.worker.tell(Changed(settings=Changes(reward="mine.py"), step=4, reward_source=PYTHON))
        await until(pilot, lambda: bench.app.state.info and bench.app.state.info.reward_source == PYTHON)
        await pilot.press("e")
        screen = await editor(bench, pilot)
        assert screen.code.text == PYTHON
        bench.worker.tell(Changed(settings=Changes(reward="mine.py"), step=9, reward_source=PYTHON + "# more\n"))
        await until(pilot, lambda: screen.code.text.endswith("# more\n"))
        assert "mine.py was saved: training with it from step 10 on." in said(screen, "#verdict")


async def test_the_lines_of_a_failing_reward_are_shown_from_their_start(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    head = f"def reward(text, target, prompt):  # {'long ' * 20}\n"
    file.write_text(head + "    if text:\n        raise ValueError(text)\n" * 3)
    async with opened(make_config({"reward": str(file)})) as (bench, pilot):
        bench.worker.build("training", reward=str(file))
        bench.worker.tell(StateChanged(state="failed", reason=("error.text", {"text": "It failed."}), step=5))
        bench.worker.tell(Failed(*coded("It raised."), run="a-run", step=5, reward=str(file), line=5))
        await until(pilot, lambda: isinstance(bench.app.screen, FailureCard))
        await pilot.press("enter")
        screen = await editor(bench, pilot)
        await until(pilot, lambda: screen.code.cursor_location == (4, 8))
        await pilot.pause()
        assert screen.code.scroll_offset.x == 0


async def test_a_failing_reward_is_fixed_and_the_run_resumes_at_the_same_step(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(PYTHON)
    async with opened(make_config({"reward": str(file)})) as (bench, pilot):
        bench.worker.build("training", reward=str(file))
        bench.worker.train(5)
        await until(pilot, lambda: bench.app.state.step == 5)
        bench.worker.tell(StateChanged(state="failed", reason=("error.text", {"text": "It failed."}), step=5))
        failed = Failed(*coded("It raised."), run="a-run", step=5, reward=str(file), line=2, given=("x", "y", "", ()))
        bench.worker.tell(failed)
        await until(pilot, lambda: isinstance(bench.app.screen, FailureCard))
        await pilot.press("enter")
        screen = await editor(bench, pilot)
        await until(pilot, lambda: "It raised." in said(screen, "#verdict"))
        assert screen.code.cursor_location[0] == 1
        screen.code.text = PYTHON + "# mended\n"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bench.sent(Change))
        change = bench.sent(Change)[0]
        bench.worker.tell(
            Changed(
                settings=change.settings,
                step=5,
                reward_source=change.rewards[0].code,
                request=bench.worker.request(Change),
            )
        )
        await until(pilot, lambda: bench.sent(Resume))
        assert file.read_text().endswith("# mended\n")


async def test_the_card_closes_when_the_fixed_file_lets_the_run_continue() -> None:
    async with opened() as (bench, pilot):
        bench.worker.build("training")
        bench.worker.tell(StateChanged(state="failed", reason=("error.text", {"text": "It failed."}), step=5))
        bench.worker.tell(Failed(*coded("It raised."), run="a-run", step=5, reward="levenshtein"))
        await until(pilot, lambda: isinstance(bench.app.screen, FailureCard))
        bench.worker.tell(StateChanged(state="training", step=5))
        await until(pilot, lambda: not isinstance(bench.app.screen, FailureCard))


@pytest.mark.parametrize(
    ("text", "python"),
    [("levenshtein", False), ("0.5*prefix\n + 1", False), (PYTHON, True), ("\n  import math", True), ("# none", True)],
)
def test_python_is_distinguished_from_formulas(text: str, python: bool) -> None:
    assert looks_like_python(text) is python


def test_new_python_gets_a_free_name_and_is_found_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert new_name() == "my_reward.py"
    write_reward_file(read_spec("my_reward.py", code=PYTHON))
    (tmp_path / "my_reward_2.py").write_text(PYTHON)
    assert new_name() == "my_reward_3.py"
    assert draft_of(read_spec("my_reward.py")) == Draft(PYTHON, "my_reward.py")


def test_python_that_came_with_a_policy_is_saved_under_a_free_name(home: Path, tmp_path: Path) -> None:
    own = tmp_path / "mine.py"
    own.write_text(PYTHON)
    assert keep_imported_source(read_spec(f"{own}:rhymes", code=PYTHON)) == f"{own}:rhymes"
    assert keep_imported_source(read_spec("/elsewhere/theirs.py:rhymes", code=TEMPLATE)) == "theirs.py:rhymes"
    assert keep_imported_source(read_spec("/elsewhere/theirs.py", code=TEMPLATE)) == "theirs.py"
    assert keep_imported_source(read_spec("/elsewhere/theirs.py", code=PYTHON)) == "theirs_2.py"
    assert (home / "rewards" / "theirs_2.py").read_text() == PYTHON


def test_a_file_keeps_its_encoding_and_a_link_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "real.py", tmp_path / "link.py"
    source = "# coding: latin-1\ndef reward(text, target, prompt):\n    return float('é' in text)\n"
    real.write_bytes(source.encode("latin-1"))
    link.symlink_to(real)
    write_reward_file(read_spec(f"{link}:reward", code=source + "# more\n"))
    assert link.is_symlink()
    assert draft_of(read_spec(str(link))).text == source + "# more\n"
    with pytest.raises(PgplayError, match="cannot be written"):
        write_reward_file(read_spec(str(link), code=source + "# 字\n"))
    assert draft_of(read_spec(str(link))).text == source + "# more\n"
