"""Every source in the app × every way to run: a stranger's Python runs after a yes, and not before.

The worker is in this process and obeys like the real one, so whatever is sent to it would run.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from pgplay.app import launch
from pgplay.app.app import PgplayApp
from pgplay.app.launch import as_left, run_app
from pgplay.app.rewards.draft import kept_rewards
from pgplay.app.screens.dialogs.consent import ConsentDialog
from pgplay.app.screens.dialogs.questions import ConfirmDialog
from pgplay.app.screens.dialogs.recipe import RecipeScreen
from pgplay.app.screens.rewards.editor import RewardScreen
from pgplay.app.widgets.dropdown import Dropdown
from pgplay.app.worker_link import OnEvent, OnExit
from pgplay.config.recipe import from_recipe
from pgplay.config.run_config import make_config, to_settings
from pgplay.errors import PgplayError
from pgplay.learning.inputs import read_inputs
from pgplay.library.policies import read_policy
from pgplay.rewards.reward import build_reward
from pgplay.rewards.spec import Origin, read_spec
from pgplay.runs import reward_file
from pgplay.runs.branches import branch_run
from pgplay.runs.stored_rewards import stored_rewards
from pgplay.worker.protocol.commands import Change, Command, ProbeReward, Resume, Start, Write
from pgplay.worker.session.preparation import check_resume
from pgplay.worker.session.reward_probe import answer_probe
from pgplay.worker.session.saved_policies import answer_write_with_saved
from pgplay.worker.session.session import Session
from tests.app.fake_worker import Bench, FakeWorker, agree, begin, until
from tests.consent.strangers import SMALL, Stranger

Act = Callable[[Bench, Pilot[int], Stranger], Awaitable[None]]


class ObedientWorker(FakeWorker):
    """Executes its commands in this process, and reports nothing."""

    def send(self, command: Command) -> None:
        super().send(command)
        with suppress(PgplayError):
            _obey(command)


def _obey(command: Command) -> None:
    match command:
        case Start():
            inputs = read_inputs(command.config)
            _step(Session.begin(command.config, inputs, rewards=command.rewards))
        case Resume(run=run) if run:
            check_resume(run, command)
            run = run if command.at is None else branch_run(run, command.at)
            _step(Session.resume(run, rewards=command.rewards))
        case ProbeReward():
            answer_probe(command, print)
        case Write():
            answer_write_with_saved(command)


def _step(session: Session) -> None:
    try:
        session.step()
    finally:
        session.close("paused")


class ObedientBench(Bench):
    def __init__(self, app: Callable[..., PgplayApp] | None = None) -> None:
        super().__init__(make_config(SMALL))
        if app is not None:
            self.app = app(connect=self._connect)

    def _connect(self, on_event: OnEvent, on_exit: OnExit) -> FakeWorker:
        self.workers.append(ObedientWorker(on_event, on_exit))
        return self.workers[-1]


@asynccontextmanager
async def opened(bench: Bench) -> AsyncIterator[Pilot[int]]:
    async with bench.app.run_test(size=(120, 36)) as pilot:
        await begin(bench, pilot)
        yield pilot


async def take_preset(bench: Bench, pilot: Pilot[int], them: Stranger) -> None:
    bench.app.main.query_one("#preset", Dropdown).value = "theirs"
    await names_their_python(bench, pilot)


async def paste_recipe(bench: Bench, pilot: Pilot[int], them: Stranger) -> None:
    await paste(bench, pilot, them)
    await names_their_python(bench, pilot)


async def paste(bench: Bench, pilot: Pilot[int], them: Stranger) -> None:
    await bench.app.action_do("recipe")
    await until(pilot, lambda: isinstance(bench.app.screen, RecipeScreen) and bench.app.screen.query("#pasted"))
    pasted = bench.app.screen.query_one("#pasted", Input)
    pasted.focus()
    pasted.value = them.recipe()
    await pilot.press("enter")


async def open_again(bench: Bench, pilot: Pilot[int], them: Stranger) -> None:
    await names_their_python(bench, pilot)


async def names_their_python(bench: Bench, pilot: Pilot[int]) -> None:
    await until(pilot, lambda: "theirs.py" in str(bench.app.state.settings))


async def start(bench: Bench, pilot: Pilot[int], them: Stranger) -> None:
    await bench.app.action_do("toggle_run")


async def one_step(bench: Bench, pilot: Pilot[int], them: Stranger) -> None:
    await bench.app.action_do("one_step")


async def ten_steps(bench: Bench, pilot: Pilot[int], them: Stranger) -> None:
    await bench.app.action_do("ten_steps")


async def edit_another_field_and_start(bench: Bench, pilot: Pilot[int], them: Stranger) -> None:
    other = "measure" if them.field == "reward" else "reward"
    setup = bench.app.main.setup
    setup._edit("target", "ho")
    setup._edit("seed", "3")
    setup._edit(other, f"{setup.typed[other]}, lcs".strip(", ") if other == "measure" else "prefix")
    await until(pilot, lambda: (bench.app.state.settings or {}).get("seed") == 3)
    await bench.app.action_do("toggle_run")


async def edit(bench: Bench, pilot: Pilot[int], them: Stranger) -> None:
    await bench.app.action_do("edit_reward")


async def look_at_the_bench(bench: Bench, pilot: Pilot[int], them: Stranger) -> None:
    await bench.app.action_do("reward_bench")


INTO_THE_SETUP: dict[str, Act] = {"preset": take_preset, "recipe": paste_recipe, "last session": open_again}
BY_THE_SETUP: dict[str, Act] = {
    "start": start,
    "one step": one_step,
    "ten steps": ten_steps,
    "start after an edit": edit_another_field_and_start,
    "edit": edit,
    "bench": look_at_the_bench,
}
ONLY_THE_REWARD = ("edit", "bench")
"""Measures are neither edited nor scored on the bench."""


async def train_on(bench: Bench, pilot: Pilot[int], them: Stranger) -> None:
    bench.app.perform(bench.app.controllers.policies.train_on(read_policy(them.policy())))


async def train_on_without_python(bench: Bench, pilot: Pilot[int], them: Stranger) -> None:
    bench.app.perform(bench.app.controllers.policies.train_on(read_policy(them.nameless_policy())))


async def resume(bench: Bench, pilot: Pilot[int], them: Stranger) -> None:
    bench.app.perform(bench.app.controllers.run.resume_run("theirs"))


async def branch(bench: Bench, pilot: Pilot[int], them: Stranger) -> None:
    bench.app.perform(bench.app.controllers.run.branch("theirs", 0))


async def start_beside(bench: Bench, pilot: Pilot[int], them: Stranger) -> None:
    bench.app.perform(bench.app.controllers.run.start_beside(dict(them.settings)))


BY_THEMSELVES: dict[str, Act] = {
    "policy → train on": train_on,
    "policy without Python → train on": train_on_without_python,
    "run → resume": resume,
    "run → branch": branch,
    "run → start beside": start_beside,
}


def bench_for(way: str, them: Stranger, home: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    if way == "preset":
        (home / "presets").mkdir(parents=True)
        (home / "presets" / "theirs.toml").write_text(them.preset().read_text())
    if way.startswith("run"):
        them.run(home)
    if way != "last session":
        return ObedientBench()
    them.last_session(home)
    return ObedientBench(lambda **options: app_as_left(monkeypatch, **options))


def app_as_left(monkeypatch: pytest.MonkeyPatch, **options: Any) -> PgplayApp:
    """Return the app as `pgplay` without arguments opens it."""
    made: list[PgplayApp] = []

    def make(*words: Any, **given: Any) -> PgplayApp:
        made.append(PgplayApp(*words, **{**given, **options}))
        return made[-1]

    monkeypatch.setattr(PgplayApp, "run", lambda app: None)
    monkeypatch.setattr(launch, "PgplayApp", make)
    run_app(as_left())
    return made[0]


async def asked(bench: Bench, pilot: Pilot[int]) -> None:
    await until(pilot, lambda: isinstance(bench.app.screen, ConsentDialog) and bench.app.screen.query("#yes"))


async def refuse(bench: Bench, pilot: Pilot[int]) -> None:
    await pilot.press("escape")
    await until(pilot, lambda: not isinstance(bench.app.screen, ConsentDialog))


@pytest.mark.matrix
@pytest.mark.parametrize("act", BY_THE_SETUP)
@pytest.mark.parametrize("way", INTO_THE_SETUP)
async def test_a_source_that_fills_the_setup_is_asked_about_each_time_until_a_yes(
    way: str, act: str, them: Stranger, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if them.field == "measure" and act in ONLY_THE_REWARD:
        pytest.skip("measures are neither edited nor scored on the bench")
    bench = bench_for(way, them, home, monkeypatch)
    async with opened(bench) as pilot:
        await INTO_THE_SETUP[way](bench, pilot, them)
        for _ in range(2):
            await BY_THE_SETUP[act](bench, pilot, them)
            await asked(bench, pilot)
            assert not them.has_run
            await refuse(bench, pilot)
            assert not them.has_run
        await BY_THE_SETUP[act](bench, pilot, them)
        await asked(bench, pilot)
        await agree(bench, pilot)
        # Waited for also if it runs in the background: it must not run on into the next test.
        await until(pilot, lambda: isinstance(bench.app.screen, RewardScreen) if act == "edit" else them.has_run)


@pytest.mark.matrix
@pytest.mark.parametrize(
    "recipe",
    [
        'reward=" theirs.py"',
        'reward="theirs.py\\n"',
        'measure=["lcs, theirs.py"]',
        'measure=["lcs,theirs.py:reward"]',
        'measure=[" theirs.py ","exact"]',
    ],
)
@pytest.mark.parametrize("way", ["recipe", "last session"])
async def test_no_spelling_makes_it_the_users_own(
    recipe: str, way: str, them: Stranger, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "last session":
        home.mkdir(exist_ok=True)
        settings = to_settings(from_recipe(f"target=hi model=gru-nano {recipe}"))
        (home / "app.json").write_text(json.dumps({"settings": settings}))
        bench: Bench = ObedientBench(lambda **options: app_as_left(monkeypatch, **options))
    else:
        bench = ObedientBench()
    async with opened(bench) as pilot:
        if way == "recipe":
            bench.app.main.setup.load(from_recipe(f"target=hi model=gru-nano {recipe}"), origin=Origin("recipe"))
        await names_their_python(bench, pilot)
        for act in (start, edit, look_at_the_bench) if "reward=" in recipe else (start,):
            await act(bench, pilot, them)
            await asked(bench, pilot)
            await refuse(bench, pilot)
        assert not them.has_run


async def test_a_saved_reward_is_not_one_of_the_same_name_in_the_present_folder(them: Stranger, home: Path) -> None:
    (home / "rewards").mkdir(parents=True)
    (home / "rewards" / "theirs.py").write_text("def reward(text, target, prompt):\n    return 1.0\n")
    (name,) = kept_rewards()
    with build_reward(read_spec(name)):
        assert not them.has_run


@pytest.mark.matrix
@pytest.mark.parametrize("way", BY_THEMSELVES)
async def test_a_policy_or_run_to_train_on_is_asked_about_until_a_yes(
    way: str, them: Stranger, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = bench_for(way, them, home, monkeypatch)
    async with opened(bench) as pilot:
        await BY_THEMSELVES[way](bench, pilot, them)
        await asked(bench, pilot)
        assert not them.has_run
        await refuse(bench, pilot)
        assert not them.has_run
        assert not bench.sent(Start)
        assert not bench.sent(Resume)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("way", ["preset", "recipe", "last session"])
async def test_the_source_shown_is_the_source_that_runs(
    way: str, them: Stranger, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = bench_for(way, them, home, monkeypatch)
    async with opened(bench) as pilot:
        await INTO_THE_SETUP[way](bench, pilot, them)
        await start(bench, pilot, them)
        await asked(bench, pilot)
        them.write("swapped")  # while the question is open
        await agree(bench, pilot)
        await until(pilot, lambda: them.has_run)
        assert set(them.ran.read_text()) == {"x"}


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("act", ["write", "write without Python"])
async def test_sampling_a_policy_runs_none_of_its_python(act: str, them: Stranger) -> None:
    bench = ObedientBench()
    async with opened(bench) as pilot:
        name = them.policy() if act == "write" else them.nameless_policy()
        bench.app.controllers.policies.write_with(read_policy(name))
        await pilot.pause()
        bench.worker.send(Write(policy=name))
        assert not them.has_run


async def test_a_refusal_outlasts_the_app(
    them: Stranger, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ObedientBench()
    async with opened(first) as pilot:
        await paste_recipe(first, pilot, them)
        await start(first, pilot, them)
        await asked(first, pilot)
        await refuse(first, pilot)
        first.app.controllers.shell.remember()
    second = ObedientBench(lambda **options: app_as_left(monkeypatch, **options))
    async with opened(second) as pilot:
        await open_again(second, pilot, them)
        await start(second, pilot, them)
        await asked(second, pilot)
        assert not them.has_run


async def test_a_strangers_python_reaches_no_running_run(them: Stranger) -> None:
    bench = ObedientBench()
    async with opened(bench) as pilot:
        bench.worker.build("training", **SMALL)
        await until(pilot, lambda: bench.app.state.run == "training")
        await paste(bench, pilot, them)
        await until(pilot, lambda: isinstance(bench.app.screen, ConfirmDialog))
        await pilot.press("y")
        await until(pilot, lambda: isinstance(bench.app.screen, ConsentDialog))
        await pilot.press("escape")
        await until(pilot, lambda: "theirs.py" not in str(bench.app.main.setup.typed))
        assert not bench.sent(Start)
        assert not them.has_run
        bench.app.main.setup._edit("lr", "0.02")
        await until(pilot, lambda: any("lr" in change.settings.by_name() for change in bench.sent(Change)))
        assert not any("reward" in change.settings.by_name() or change.rewards for change in bench.sent(Change))


async def test_the_users_own_reward_starts_without_a_question_also_after_a_restart(
    them: Stranger, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ObedientBench()
    async with opened(first) as pilot:
        first.app.main.setup._edit(them.field, str(them.file))
        await names_their_python(first, pilot)
        await start(first, pilot, them)
        await until(pilot, lambda: them.has_run)
        first.app.controllers.shell.remember()
    them.ran.unlink()
    second = ObedientBench(lambda **options: app_as_left(monkeypatch, **options))
    async with opened(second) as pilot:
        await open_again(second, pilot, them)
        await start(second, pilot, them)
        await until(pilot, lambda: them.has_run)


def test_only_the_users_own_file_is_watched(
    them: Stranger, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if them.field == "measure":
        pytest.skip("measures are not watched")
    monkeypatch.setattr(reward_file, "FILE_CHECK_INTERVAL", 0.0)
    config = make_config({**SMALL, "reward": str(them.file)})
    own = read_spec(config.reward)
    for spec, watched in ((own, True), (read_spec(config.reward, Origin("preset", "theirs")).allowed(), False)):
        them.write()
        session = Session.begin(config, read_inputs(config), rewards=[spec])
        them.write("another text")
        assert (session.saved_reward() is not None) is watched
        session.close("paused")
    assert "another text" not in them.ran.read_text()


def test_an_allowed_run_continues_with_its_own_source(them: Stranger, home: Path) -> None:
    run = them.run(home)
    allowed = [spec.allowed() for spec in stored_rewards(run) if spec.source is not None]
    them.write("another text")
    with pytest.raises(PgplayError, match="not allowed"):
        Session.resume(run)
    Session.resume(run, rewards=allowed).close("paused")
    assert set(them.ran.read_text()) == {"x"}
