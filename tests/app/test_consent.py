"""Python that came with a preset or a policy: shown with its hash, asked about once, run only after a yes."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from pgplay.app.screens.dialogs.consent import ConsentDialog
from pgplay.app.screens.dialogs.questions import ConfirmDialog
from pgplay.app.screens.rewards.editor import RewardScreen
from pgplay.app.widgets.code_area import CodeArea
from pgplay.app.widgets.dropdown import Dropdown
from pgplay.config.run_config import make_config
from pgplay.library.consents import is_allowed
from pgplay.library.policy_card import PolicyCard
from pgplay.policies.spec import FreshSpec
from pgplay.rewards.spec import Origin, digest
from pgplay.tasks.task import Pair, Task
from pgplay.worker.protocol.commands import Change, Start, Step
from tests.app.fake_worker import Bench, agree, opened, until

PYTHON = "def reward(text, target, prompt):\n    return 1.0\n"

PRESET = """
title = "Theirs"
teaches = "A reward of one's own."

[settings]
target = "ab"
reward = "theirs.py"
"""


@pytest.fixture
def preset(home: Path) -> str:
    folder = home / "presets"
    folder.mkdir(parents=True)
    (folder / "theirs.py").write_text(PYTHON)
    (folder / "theirs.toml").write_text(PRESET)
    return "theirs"


async def asked(bench: Bench, pilot: Pilot[int]) -> ConsentDialog:
    await until(pilot, lambda: isinstance(bench.app.screen, ConsentDialog) and bench.app.screen.query(CodeArea))
    assert isinstance(bench.app.screen, ConsentDialog)
    return bench.app.screen


async def test_a_preset_with_python_is_asked_about_once_and_starts_after_a_yes(preset: str) -> None:
    async with opened() as (bench, pilot):
        bench.app.main.query_one("#preset", Dropdown).value = preset
        await until(pilot, lambda: str((bench.app.state.settings or {}).get("reward", "")).endswith("theirs.py"))
        await pilot.press("space")
        dialog = await asked(bench, pilot)
        assert dialog.query_one(CodeArea).text == PYTHON
        assert digest(PYTHON) in "".join(str(part.render()) for part in dialog.query(".note"))
        await pilot.press("escape")
        await until(pilot, lambda: bench.app.screen is bench.app.main)
        assert bench.sent(Start) == []
        assert not is_allowed(PYTHON)
        await pilot.press("space")
        await asked(bench, pilot)
        await agree(bench, pilot)
        await until(pilot, lambda: bench.sent(Start))
        assert is_allowed(PYTHON)


async def test_the_editor_asks_before_it_could_run_the_python_of_a_preset(preset: str) -> None:
    async with opened() as (bench, pilot):
        bench.app.main.query_one("#preset", Dropdown).value = preset
        await until(pilot, lambda: str((bench.app.state.settings or {}).get("reward", "")).endswith("theirs.py"))
        await pilot.press("e")
        await asked(bench, pilot)
        await agree(bench, pilot)
        await until(pilot, lambda: isinstance(bench.app.screen, RewardScreen))


async def test_a_preset_chosen_during_a_run_brings_no_python_into_it(preset: str) -> None:
    async with opened() as (bench, pilot):
        bench.worker.build("training")
        await until(pilot, lambda: bench.app.state.run == "training")
        bench.app.main.query_one("#preset", Dropdown).value = preset
        await until(pilot, lambda: isinstance(bench.app.screen, ConfirmDialog))
        await pilot.press("y")
        await asked(bench, pilot)
        await pilot.press("escape")
        await until(pilot, lambda: bench.app.screen is bench.app.main)
        await until(pilot, lambda: bench.app.main.setup.typed["reward"] == "levenshtein")
        await pilot.pause()
        assert bench.sent(Start) == bench.sent(Change) == []


async def test_a_policy_with_python_trains_on_with_it_once_it_is_allowed(home: Path) -> None:
    card = PolicyCard(
        name="gift", shape=FreshSpec("gru-nano", "ab", 4), task=Task("ab", (Pair("", "ab"),)),
        reward="/elsewhere/theirs.py:reward", reward_source=PYTHON,
        config={"target": "ab", "model": "gru-nano", "alphabet": "ab", "reward": "/elsewhere/theirs.py:reward"},
    )
    async with opened() as (bench, pilot):
        bench.app.perform(bench.app.controllers.policies.train_on(card))
        await asked(bench, pilot)
        assert not (home / "rewards").exists()
        await agree(bench, pilot)
        await until(pilot, lambda: bench.sent(Start))
        (start,) = bench.sent(Start)
        assert (start.config.reward, start.config.warm_start) == ("theirs.py:reward", "gift")
        assert (home / "rewards" / "theirs.py").read_text() == PYTHON


async def test_a_pasted_recipe_with_python_is_asked_about_and_a_reward_chosen_since_is_not(tmp_path: Path) -> None:
    file = tmp_path / "theirs.py"
    file.write_text(PYTHON)
    async with opened() as (bench, pilot):
        bench.app.main.setup.load(make_config({"target": "ab", "reward": str(file)}), origin=Origin("recipe"))
        await until(pilot, lambda: (bench.app.state.settings or {}).get("reward") == str(file))
        await pilot.press("space")
        await asked(bench, pilot)
        await pilot.press("escape")
        await until(pilot, lambda: bench.app.screen is bench.app.main)
        bench.app.main.query_one("#reward", Dropdown).value = "prefix"
        await until(pilot, lambda: (bench.app.state.settings or {}).get("reward") == "prefix")
        await pilot.press("space")
        await until(pilot, lambda: bench.sent(Start))


async def test_ten_steps_are_made_once_their_python_is_allowed(preset: str) -> None:
    async with opened() as (bench, pilot):
        bench.app.main.query_one("#preset", Dropdown).value = preset
        await until(pilot, lambda: str((bench.app.state.settings or {}).get("reward", "")).endswith("theirs.py"))
        await pilot.press("S")
        await asked(bench, pilot)
        assert not bench.worker.commands
        await agree(bench, pilot)
        await until(pilot, lambda: bench.sent(Start))
        bench.worker.build("paused")
        await until(pilot, lambda: bench.sent(Step))
        assert bench.sent(Step) == [Step(count=10)]
