"""The user's Python in a real worker: saved with a mistake, fixed, failing during a run, typed again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pgplay.config.changes import Changes
from pgplay.config.run_config import make_config
from pgplay.rewards.spec import RewardSpec, read_spec
from pgplay.runs.store import RunStore
from pgplay.worker.protocol.commands import Change, ProbeReward, Start
from pgplay.worker.protocol.events import Changed, Failed, Log, Probed, Ready, Refused, Snapshot, StateChanged
from tests.worker.helpers import Listener

GOOD = "def reward(text, target, prompt):\n    return -float(len(text))\n"
BROKEN = "def reward(text, target, prompt):\n    return -float(len(text)\n"
FAILING = "def reward(text, target, prompt):\n    print('I was here')\n    return 1.0 if text == 'no' else [][0]\n"
FUSED = "import os\ndef reward(text, target, prompt):\n    return 1 / (not os.path.exists({fuse!r}))\n"
MENDED = "def reward(text, target, prompt):\n    return 100.0 + len(text)\n"
SMALL = {"model": "gru-nano", "target": "abc", "batch_size": 8, "until": "never", "device": "cpu"}


def typed(code: str) -> tuple[RewardSpec]:
    """Return Python as the user types it in the app."""
    return (read_spec("typed.py", code=code),)


def save(path: Path, text: str) -> None:
    """Save as an editor does: a new file replaces the old one."""
    aside = path.with_suffix(".aside")
    aside.write_text(text)
    os.replace(aside, path)


@pytest.fixture
async def worker():
    listener = Listener()
    await listener.client.start()
    await listener.next(Ready)
    yield listener
    await listener.client.close(5.0)


@pytest.mark.exhaustive
async def test_a_file_is_followed_while_it_is_saved_broken_fixed_and_failing(worker, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(GOOD)
    worker.client.send(Start(config=make_config({**SMALL, "reward": str(file)}), rewards=(read_spec(str(file)),)))
    info = (await worker.next(StateChanged, lambda event: event.state == "training")).info
    assert info.reward_source == GOOD
    before = await worker.next(Snapshot)
    save(file, BROKEN)
    refused = await worker.next(Refused)
    assert "line 2" in refused.problem
    assert refused.line == 2
    after = await worker.next(Snapshot, lambda event: event.report.step > before.report.step + 5)
    assert after.report.metrics["reward_max"] <= 0  # with the old reward, without a pause
    save(file, MENDED)
    changed = await worker.next(Changed)
    assert (changed.settings, changed.reward_source) == (Changes(reward=str(file)), MENDED)
    mended = await worker.next(Snapshot, lambda event: event.report.step > changed.step)
    assert mended.report.metrics["reward_min"] >= 100
    with RunStore.open(info.run) as store:
        assert [event.step for event in store.events() if event.kind == "change"] == [changed.step]


async def test_a_reward_that_fails_during_a_run_is_fixed_by_a_save_and_no_step_is_lost(worker, tmp_path):
    file = tmp_path / "mine.py"
    fuse = tmp_path / "fuse"
    file.write_text(FUSED.format(fuse=str(fuse)))
    worker.client.send(Start(config=make_config({**SMALL, "reward": str(file)}), rewards=(read_spec(str(file)),)))
    run = (await worker.next(StateChanged, lambda event: event.state == "training")).info.run
    await worker.next(Snapshot)
    fuse.touch()
    failed = await worker.next(Failed)
    assert (failed.reward, failed.line) == (str(file), 3)
    assert failed.given[1:] == ("abc", "", ())
    save(file, MENDED)
    changed = await worker.next(Changed)
    assert changed.step == failed.step
    await worker.next(StateChanged, lambda event: event.state == "training")
    again = await worker.next(Snapshot)
    assert again.rows[0][0] == failed.step + 1
    await worker.next(Snapshot)
    with RunStore.open(run) as store:
        steps = [step for step, _ in store.rows()]
    assert steps == list(range(1, len(steps) + 1))


@pytest.mark.exhaustive
async def test_a_typed_reward_is_tried_then_trained_with_and_its_output_is_reported(worker):
    worker.client.send(Start(config=make_config(SMALL)))
    await worker.next(Snapshot)
    worker.client.send(Change(settings=Changes(reward="typed.py"), rewards=typed(FAILING), request=7))
    refused = await worker.next(Refused)
    assert (refused.request, refused.line) == (7, 3)
    assert "IndexError" in refused.problem
    assert any(event.line == "I was here" for event in worker.of(Log))
    worker.client.send(Change(settings=Changes(reward="typed.py"), rewards=typed(MENDED), request=8))
    changed = await worker.next(Changed)
    assert (changed.request, changed.reward_source) == (8, MENDED)
    later = await worker.next(Snapshot, lambda event: event.report.step > changed.step)
    assert later.report.metrics["reward_min"] >= 100


@pytest.mark.exhaustive
async def test_a_reward_is_probed_before_any_run(worker):
    worker.client.send(ProbeReward(config=make_config({**SMALL, "reward": "typed.py"}), rewards=typed(GOOD), request=3))
    probed = await worker.next(Probed)
    assert probed.request == 3
    assert probed.verdict.kind == "short-text"
    assert probed.probe.completions >= 256
